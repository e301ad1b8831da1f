import { badUserInput, notFound, PurserError } from '../errors.ts';
import { checkedRule, type EnteredRule } from './entered-rule.ts';
import { checkRisks } from './risks.ts';
import type {
  TrustRule,
  TrustRuleCreated,
  TrustRuleDeleted,
  TrustRuleDetails,
  TrustRules,
  TrustRuleUpdated,
} from './trust-rule.ts';

export const MAX_RULES = 50;

/** Who changes rules, as far as it bounds what they may say. */
export interface RuleAuthor {
  /** Issuers of the operator's list whose tokens rules grant permissions to. */
  readonly issuers: ReadonlySet<string>;
  /** The author's own permissions in the project. */
  holds(permission: string): boolean;
}

export interface DecidedRule<Event> {
  /** Null if there is nothing to change. */
  readonly event: Event | null;
  readonly warnings: readonly string[];
}

/** @throws PurserError BAD_USER_INPUT, FORBIDDEN */
export function decideCreateRule(
  { rules }: TrustRules,
  {
    ruleId,
    projectId,
    entered,
  }: { readonly ruleId: string; readonly projectId: string; readonly entered: EnteredRule },
  author: RuleAuthor,
): DecidedRule<TrustRuleCreated> {
  const rule = checkedRule(entered);
  const warnings = judged(rule, author);
  if (rules.length >= MAX_RULES) {
    throw badUserInput('projectId', `This project has ${MAX_RULES} trust rules, which is the most. Delete one first.`);
  }
  return { event: { type: 'TrustRuleCreated', data: { ruleId, projectId, ...rule } }, warnings };
}

export interface ChangeRule {
  readonly ruleId: string;
  readonly expectedRevision: number | null | undefined;
}

/**
 * What is left out stays. The author must hold all that the rule grants afterwards, also what it granted before: with other
 * matches it grants that to others. @throws PurserError NOT_FOUND, REVISION_CONFLICT, BAD_USER_INPUT, FORBIDDEN
 */
export function decideUpdateRule(
  state: TrustRules,
  { ruleId, expectedRevision, changes }: ChangeRule & { readonly changes: Partial<EnteredRule> },
  author: RuleAuthor,
): DecidedRule<TrustRuleUpdated> {
  const known = existingRule(state, { ruleId, expectedRevision });
  const rule = checkedRule({ ...known, ...withoutUndefined(changes) });
  const warnings = judged(rule, author);
  const changed = (Object.keys(rule) as (keyof TrustRuleDetails)[]).filter(
    (field) => JSON.stringify(rule[field]) !== JSON.stringify(known[field]),
  );
  if (changed.length === 0) return { event: null, warnings };
  const picked = (from: TrustRuleDetails) =>
    Object.fromEntries(changed.map((field) => [field, from[field]])) as Partial<TrustRuleDetails>;
  const data = { ruleId, name: known.name, to: picked(rule), from: picked(known) };
  return { event: { type: 'TrustRuleUpdated', data }, warnings };
}

/** @throws PurserError NOT_FOUND, REVISION_CONFLICT */
export function decideDeleteRule(state: TrustRules, change: ChangeRule): TrustRuleDeleted {
  const { id: ruleId, name } = existingRule(state, change);
  return { type: 'TrustRuleDeleted', data: { ruleId, name } };
}

function existingRule({ rules }: TrustRules, { ruleId, expectedRevision: expected }: ChangeRule): TrustRule {
  const rule = rules.find(({ id }) => id === ruleId);
  if (rule === undefined) throw notFound('trust rule');
  if (expected === null || expected === undefined || expected === rule.revision) return rule;
  throw new PurserError(
    'REVISION_CONFLICT',
    `The trust rule is at revision ${rule.revision}, not ${expected}. Read it again and repeat the change.`,
    { field: 'expectedRevision' },
  );
}

function judged(rule: TrustRuleDetails, { issuers, holds }: RuleAuthor): string[] {
  if (!issuers.has(rule.issuer)) {
    throw badUserInput(
      'issuer',
      'The operator set up no such issuer for trust rules: in `JWT_ISSUERS`, or `WOODPECKER_SERVERS`, it needs an entry with `"grants": "rules"`. It is compared exactly, also a `/` at its end.',
    );
  }
  const missing = rule.permissions.find((permission) => !holds(permission));
  if (missing !== undefined) {
    throw new PurserError(
      'FORBIDDEN',
      `Your token does not grant \`${missing}\` in this project, so you cannot make a rule that does.`,
    );
  }
  return checkRisks(rule);
}

function withoutUndefined(changes: Partial<EnteredRule>): Partial<EnteredRule> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
