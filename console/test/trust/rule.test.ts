import { describe, expect, it } from 'vitest';
import { addTrustRuleSearch, claimPair } from '../../src/views/add-trust-rule/search.ts';
import { readToken } from '../../src/views/trust/read-token.ts';
import {
  changedFields,
  draftOf,
  inputOf,
  mergeDraft,
  newDraft,
  USE,
  updateInput,
  wordsLeft,
} from '../../src/views/trust/rule-draft.ts';
import { grantWords, sentencesOf } from '../../src/views/trust/rule-sentence.ts';
import { sidesOf } from '../../src/views/trust/sides.ts';

const RULE: Parameters<typeof draftOf>[0] = {
  id: 'r1',
  projectId: 'demo',
  name: 'web',
  issuer: 'https://token.actions.githubusercontent.com',
  matches: [
    { claim: 'repository_id', equals: ['74', '75'], startsWith: null },
    { claim: 'ref', equals: null, startsWith: 'refs/heads/' },
  ],
  permissions: [USE],
  purposes: ['PULL'],
  registryIds: ['a'],
  repositories: ['team'],
  pipelineClaim: 'workflow_ref',
  runIdClaim: 'run_id',
  allowPassword: false,
  warnings: [],
  lastUsedAt: null,
  revision: 3,
  createdAt: '2026-01-01T00:00:00Z',
  createdBy: 'ada',
  updatedAt: '2026-01-01T00:00:00Z',
  updatedBy: 'ada',
};
const PRESET = {
  name: 'GitHub Enterprise Server',
  issuer: 'https://HOST/_services/token',
  jwksUri: null,
  claims: ['ref'],
  matches: [{ claim: 'repository_id', equals: ['REPOSITORY_ID'], startsWith: null }],
  purposes: ['PULL' as const],
  pipelineClaim: 'workflow_ref',
  runIdClaim: 'run_id',
  advice: '',
  documentation: '',
};

const told = (draft: Parameters<typeof sentencesOf>[0]) =>
  sentencesOf(draft, (id) => `registry ${id}`).map((pieces) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : `‹${piece.code}›`)).join(''),
  );

describe('a trust rule in the form', () => {
  it('is read back in sentences', () => {
    expect(told(draftOf(RULE))).toEqual([
      'A job with a token of ‹https://token.actions.githubusercontent.com› may, if its ‹repository_id› is ‹74› or ‹75› and its ‹ref› begins with ‹refs/heads/›, pull with the credentials of ‹registry a›, only within ‹team›.',
      'Leases and the audit log name its pipeline by ‹workflow_ref› and its run by ‹run_id›.',
    ]);
    expect(grantWords({ ...RULE, purposes: ['PUSH', 'PULL'], registryIds: [] })).toBe(
      'Pull and push: all registries, 1 repository',
    );
  });

  it('sends what was changed and nothing else', () => {
    const base = draftOf(RULE);
    expect(updateInput(base, base)).toEqual({});
    expect(updateInput(base, { ...base, runIdClaim: '', repositories: ' team \n\nother ' })).toEqual({
      runIdClaim: null,
      repositories: ['team', 'other'],
    });
    expect(inputOf(base).matches).toEqual([
      { claim: 'repository_id', equals: ['74', '75'] },
      { claim: 'ref', startsWith: 'refs/heads/' },
    ]);
  });

  it('keeps what the reader changed over what somebody else saved', () => {
    const base = draftOf(RULE);
    const theirs = draftOf({ ...RULE, name: 'theirs', repositories: [] });
    expect(changedFields(base, theirs)).toEqual(['name', 'repositories']);
    expect(mergeDraft(base, theirs, { ...base, name: 'mine' })).toMatchObject({ name: 'mine', repositories: '' });
  });

  it('names the words of a preset that are to be replaced', () => {
    const draft = newDraft({ preset: PRESET, grantable: [USE] });
    expect(wordsLeft(draft, PRESET)).toEqual(['HOST', 'REPOSITORY_ID']);
    expect(wordsLeft({ ...draft, issuer: 'https://LOCALHOST/_services/token' }, PRESET)).toEqual(['REPOSITORY_ID']);
    expect(newDraft({ preset: PRESET, grantable: [] }).permissions).toEqual([]);
  });

  it('has lines for the job and for the operator', () => {
    const [job, operator] = sidesOf(draftOf(RULE), { purserUrl: 'https://purser.example', projectId: 'demo' });
    expect(job?.text).toContain('id-token: write');
    expect(JSON.parse(operator?.text ?? '')).toEqual({
      issuer: RULE.issuer,
      audience: 'purser.example',
      jwksUri: `${RULE.issuer}/.well-known/jwks`,
      grants: 'rules',
    });
  });
});

describe('a pasted token', () => {
  const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

  it('is read to what rules can compare, what is within others by its path', () => {
    const read = readToken(
      token({ iss: 'https://ci', aud: 'x', exp: 0, ref: 'ü', n: 4, list: [1], 'k/8': { a: true } }),
    );
    expect(read).toEqual({
      issuer: 'https://ci',
      expiresAt: '1970-01-01T00:00:00.000Z',
      claims: [
        { name: 'ref', value: 'ü' },
        { name: 'n', value: '4' },
        { name: '/k~18/a', value: 'true' },
      ],
    });
  });

  it('is undefined if it is none', () => {
    for (const text of ['', 'a.b', 'a.!.c', token([]), token(null)]) expect(readToken(text)).toBeUndefined();
  });

  it('goes into the address claim by claim', () => {
    expect(addTrustRuleSearch({ claim: ['ref=a=b', '=x', 'y'], issuer: 'https://ci', other: '1' })).toEqual({
      claim: ['ref=a=b'],
      issuer: 'https://ci',
    });
    expect(claimPair('ref=a=b')).toEqual(['ref', 'a=b']);
    expect(addTrustRuleSearch({})).toEqual({});
  });
});
