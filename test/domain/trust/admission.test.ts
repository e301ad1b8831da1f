import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissionsOf, isWithin, judge, useFault } from '../../../src/domain/trust/admission.ts';
import { GITHUB, GITHUB_CLAIMS, GITLAB, rule } from './rules.ts';

const token = (claims: object = {}) => ({ issuer: GITHUB, claims: { ...GITHUB_CLAIMS, ...claims } });
const ID = '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11';

describe('a token at a rule', () => {
  it('that it meets names pipeline and run, and shows the claims that met it', () => {
    const { admission } = judge(rule(), token());
    expect(admission).toMatchObject({ pipeline: GITHUB_CLAIMS.workflow_ref, runId: '1742' });
    expect(admission?.identity).toEqual({
      ruleId: rule().id,
      ruleName: 'main',
      claims: [
        { name: 'repository_id', value: '74' },
        { name: 'run_id', value: '1742' },
        { name: 'workflow_ref', value: GITHUB_CLAIMS.workflow_ref },
      ],
    });
  });

  it.each([
    ['of another issuer', { issuer: GITLAB, claims: GITHUB_CLAIMS }, 'The issuer of the token is not'],
    ['of another repository', token({ repository_id: '75' }), '`repository_id` is `75`, which is not `74`.'],
    ['without the claim', token({ repository_id: undefined }), '`repository_id` is not in the token.'],
    ['with a list in its place', token({ repository_id: ['74'] }), '`repository_id` is neither a text'],
    ['that names no pipeline', token({ workflow_ref: undefined }), '`workflow_ref`, which names the pipeline'],
    ['that names no run', token({ run_id: null }), '`run_id`, which names the pipeline or its run, is not in'],
    ['with a name that is too long', token({ workflow_ref: 'w'.repeat(256) }), 'is too long to name a pipeline'],
  ])('%s is not let in, with the reason', (_what, { issuer, claims }, reason) => {
    const judged = judge(rule(), { issuer, claims });
    expect(judged.admission).toBeNull();
    expect(judged.reason).toContain(reason);
  });

  it('needs each match, whatever else the token says', () => {
    const values = fc.constantFrom('1', '2', '3');
    const tokens = fc.record({ a: values, b: values, c: values });
    const match = fc.record({
      claim: fc.constantFrom('a', 'b', 'c'),
      equals: fc.array(values, { minLength: 1, maxLength: 2 }),
      startsWith: fc.constant(null),
    });
    fc.assert(
      fc.property(fc.array(match, { minLength: 1, maxLength: 4 }), tokens, (matches, claims) => {
        const expected = matches.every(({ claim, equals }) => equals.includes(claims[claim as keyof typeof claims]));
        const { admission } = judge(rule({ matches }), token(claims));
        expect(admission !== null).toBe(expected);
      }),
    );
  });

  it('that compares nothing lets nobody in', () => {
    expect(judge(rule({ matches: [] }), token()).admission).toBeNull();
  });

  it('counts for each rule alone, oldest first', () => {
    const [one, two, three] = ['1', '2', '3'].map((id) => rule({ id, ...(id === '2' && { issuer: GITLAB }) }));
    const rules = [one, two, three].flatMap((each) => each ?? []);
    expect(admissionsOf({ rules }, token()).map((each) => each.rule.id)).toEqual(['1', '3']);
  });
});

describe('a use', () => {
  const asked = { purpose: 'PULL', registryId: ID, repository: 'team/app', access: 'PULL', form: 'PASSWORD' } as const;
  const fault = (changes: Parameters<typeof rule>[0], ask: Partial<Parameters<typeof useFault>[1]> = {}) =>
    useFault({ rule: rule(changes) }, { ...asked, ...ask });

  it.each([
    ['to pull what can only pull', {}, {}],
    ['of a registry that the rule names', { registryIds: [ID] }, {}],
    ['to push', { purposes: ['PULL', 'PUSH'] as const }, { purpose: 'PUSH', access: 'PULL_AND_PUSH' } as const],
    ['to pull from a rule that pushes', { purposes: ['PULL', 'PUSH'] as const }, { access: 'PULL_AND_PUSH' } as const],
    [
      'with a password that can push, where that is allowed',
      { allowPassword: true },
      { access: 'PULL_AND_PUSH' } as const,
    ],
    ['with a registry token of what can push', {}, { access: 'PULL_AND_PUSH', form: 'REGISTRY_TOKEN' } as const],
    ['with a registry token of its repository', { repositories: ['team'] }, { form: 'REGISTRY_TOKEN' } as const],
    ['of a repository, where the password is allowed', { allowPassword: true, repositories: ['team'] }, {}],
  ])('is permitted %s', (_what, changes, ask) => {
    expect(fault(changes, ask)).toBeNull();
  });

  it.each([
    ['to push', {}, { purpose: 'PUSH' } as const, 'not for the purpose PUSH'],
    ['of another registry', { registryIds: ['other'] }, {}, 'not for this registry'],
    [
      'of another repository',
      { allowPassword: true, repositories: ['tea', 'team/app2'] },
      {},
      'not for this repository',
    ],
    [
      'of a registry alone',
      { allowPassword: true, repositories: ['team'] },
      { repository: undefined },
      'ask for an image',
    ],
    [
      'of another repository with a registry token',
      { repositories: ['tea'] },
      { form: 'REGISTRY_TOKEN' } as const,
      'not for this',
    ],
    ['with a password that can push', {}, { access: 'PULL_AND_PUSH' } as const, 'the password can push too'],
    ['with a password for other repositories', { repositories: ['team'] }, {}, 'is good for others too'],
  ])('is refused %s', (_what, changes, ask, reason) => {
    expect(fault(changes, ask)).toContain(reason);
  });

  it('is within whole path components', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, path, (repository, prefix) => {
        const expected = prefix.every((part, index) => repository[index] === part);
        expect(isWithin(repository.join('/'), prefix.join('/'))).toBe(expected);
      }),
    );
  });
});
