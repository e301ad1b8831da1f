import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { decideCreateRule, MAX_RULES, reviewNewRule } from '../../../src/domain/trust/decide-rules.ts';
import { type EnteredRule, RULE_DEFAULTS } from '../../../src/domain/trust/entered-rule.ts';
import { type RuleAuthor, reviewRule } from '../../../src/domain/trust/review-rule.ts';
import { NO_RULES } from '../../../src/domain/trust/trust-rule.ts';
import { entered, GITHUB, refusal, rule } from './rules.ts';

const author: RuleAuthor = { issuers: new Set([GITHUB]), holds: () => true };
const fieldsOf = (one: EnteredRule, by = author) => reviewRule(one, by).rejections.map(({ field }) => field);
const MAIN = entered();

/** Other values of fields, most of them wrong. */
const others: fc.Arbitrary<EnteredRule> = fc.record({
  name: fc.constantFrom('release', ' ', 'x'.repeat(101)),
  issuer: fc.constantFrom(`${GITHUB}/`, ''),
  matches: fc.constantFrom<EnteredRule['matches'][]>(
    [],
    [{ claim: 'repository_id', equals: ['74'] }],
    [{ claim: 'repository', equals: ['octo/web'] }],
    [
      { claim: 'repository_owner_id', equals: ['9'] },
      { claim: '', equals: [''] },
    ],
  ),
  permissions: fc.constantFrom([PERMISSIONS.registryUse], [PERMISSIONS.registryRead], [], [PERMISSIONS.trustWrite]),
  purposes: fc.constantFrom<EnteredRule['purposes'][]>(['PULL'], ['PUSH'], []),
  registryIds: fc.constantFrom([], ['x'], [rule().id]),
  repositories: fc.constantFrom([], ['team'], ['Team']),
  pipelineClaim: fc.constantFrom('workflow_ref', ''),
  runIdClaim: fc.constantFrom(null, 'run_id', 'ref', ' '),
  allowPassword: fc.boolean(),
});

/** A right rule with other values in up to three fields. */
const rules = fc
  .tuple(others, fc.subarray(Object.keys(RULE_DEFAULTS), { maxLength: 3 }))
  .map(([other, fields]) =>
    entered(Object.fromEntries(Object.entries(other).filter(([field]) => fields.includes(field)))),
  );

describe('a review of a rule', () => {
  it('says first what saving the rule is refused with, and warns of the same', () => {
    let accepted = 0;
    const states = fc.constantFrom(NO_RULES, { rules: Array.from({ length: MAX_RULES }, () => rule()) });
    const authors = fc.constantFrom(author, { ...author, holds: (one: string) => one !== PERMISSIONS.registryUse });
    fc.assert(
      fc.property(rules, states, authors, (one, state, by) => {
        const { rejections, warnings } = reviewNewRule(state, one, by);
        const create = () => decideCreateRule(state, { ruleId: rule().id, projectId: 'demo', entered: one }, by);
        const [first] = rejections;
        if (first === undefined) {
          accepted += 1;
          expect(create().warnings).toEqual(warnings);
        } else {
          const { code, message } = refusal(create);
          expect([code, message]).toEqual([first.error.code, first.error.message]);
        }
      }),
      { numRuns: 300, examples: [[MAIN, NO_RULES, author]] },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('says all at once, field by field', () => {
    const matches = [
      { claim: '', equals: ['74'] },
      { claim: 'ref', equals: [] },
    ];
    const wrong = { ...MAIN, name: '', issuer: 'https://x', permissions: [], repositories: ['/'], matches };
    expect(fieldsOf(wrong)).toEqual([
      'name',
      'matches[0].claim',
      'matches[1].equals',
      'permissions',
      'repositories',
      'issuer',
    ]);
    expect(fieldsOf(RULE_DEFAULTS)).toEqual(['name', 'issuer', 'matches', 'permissions', 'pipelineClaim']);
  });

  it('names the permission that its author does not hold', () => {
    const { rejections } = reviewRule(MAIN, { ...author, holds: () => false });
    expect(rejections).toMatchObject([{ field: 'permissions', error: { code: 'FORBIDDEN' } }]);
  });

  it('warns of who else meets it before the rest of it is entered', () => {
    const begun = { ...RULE_DEFAULTS, issuer: GITHUB, matches: [{ claim: 'repository_owner_id', equals: ['9'] }] };
    const { rejections, warnings } = reviewRule(begun, author);
    expect(rejections.map(({ field }) => field)).toEqual(['name', 'permissions', 'pipelineClaim']);
    expect(warnings).toContainEqual(expect.stringContaining('is of an owner'));
    expect(reviewRule({ ...begun, matches: [...begun.matches, { claim: 'ref' }] }, author).warnings).toEqual([]);
  });
});
