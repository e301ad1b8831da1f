import { badUserInput, notFound, PurserError } from '../errors.ts';
import type { EnteredRule } from './entered-rule.ts';
import { type RuleAuthor, type RuleReview, requireAccepted, reviewRule } from './review-rule.ts';
import type {
  TrustRule,
  TrustRuleCreated,
  TrustRuleDeleted,
  TrustRuleDetails,
  TrustRules,
  TrustRuleUpdated,
} from './trust-rule.ts';

export const MAX_RULES = 50;

export interface DecidedRule<Event> {
  /** Null if there is nothing to change. */
  readonly event: Event | null;
  readonly warnings: readonly string[];
}

/** What would become of a new rule. */
export function reviewNewRule({ rules }: TrustRules, entered: EnteredRule, author: RuleAuthor): RuleReview {
  const review = reviewRule(entered, author);
  if (rules.length < MAX_RULES) return review;
  const error = badUserInput(
    'projectId',
    `This project has ${MAX_RULES} trust rules, which is the most. Delete one first.`,
  );
  return { ...review, rejections: [...review.rejections, { field: 'projectId', error }] };
}

/** @throws PurserError BAD_USER_INPUT, FORBIDDEN */
export function decideCreateRule(
  state: TrustRules,
  {
    ruleId,
    projectId,
    entered,
  }: { readonly ruleId: string; readonly projectId: string; readonly entered: EnteredRule },
  author: RuleAuthor,
): DecidedRule<TrustRuleCreated> {
  const review = reviewNewRule(state, entered, author);
  const rule = requireAccepted(review);
  const { warnings } = review;
  return { event: { type: 'TrustRuleCreated', data: { ruleId, projectId, ...rule } }, warnings };
}

export interface ChangeRule {
  readonly ruleId: string;
  readonly expectedRevision: number | null | undefined;
}

export interface ChangedRule {
  readonly ruleId: string;
  readonly changes: Partial<EnteredRule>;
}

/** What would become of a rule with these changes; what is left out stays. @throws PurserError NOT_FOUND */
export function reviewChangedRule(state: TrustRules, { ruleId, changes }: ChangedRule, author: RuleAuthor): RuleReview {
  const known = existingRule(state, { ruleId, expectedRevision: null });
  return reviewRule({ ...known, ...withoutUndefined(changes) }, author);
}

/**
 * What is left out stays. The author must hold all that the rule grants afterwards, also what it granted before: with other
 * matches it grants that to others. @throws PurserError NOT_FOUND, REVISION_CONFLICT, BAD_USER_INPUT, FORBIDDEN
 */
export function decideUpdateRule(
  state: TrustRules,
  { ruleId, expectedRevision, changes }: ChangeRule & ChangedRule,
  author: RuleAuthor,
): DecidedRule<TrustRuleUpdated> {
  const known = existingRule(state, { ruleId, expectedRevision });
  const review = reviewChangedRule(state, { ruleId, changes }, author);
  const rule = requireAccepted(review);
  const { warnings } = review;
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

function withoutUndefined(changes: Partial<EnteredRule>): Partial<EnteredRule> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
