import { badUserInput, PurserError } from '../errors.ts';
import { checkFields, type EnteredRule } from './entered-rule.ts';
import { collecting, type RuleRejection } from './rejections.ts';
import { checkRisks, warningsOf } from './risks.ts';
import type { TrustRuleDetails } from './trust-rule.ts';

/** Who changes rules, as far as it bounds what they may say. */
export interface RuleAuthor {
  /** Issuers of the operator's list whose tokens rules grant permissions to. */
  readonly issuers: ReadonlySet<string>;
  /** The author's own permissions in the project. */
  holds(permission: string): boolean;
}

/** What would become of a rule. */
export interface RuleReview {
  /** In the form in which it is compared; null if a field cannot be read. */
  readonly rule: TrustRuleDetails | null;
  /** In the order in which saving would meet them; none if it would be taken. */
  readonly rejections: readonly RuleRejection[];
  /** Who else meets it that its author may not think of, also of a rule that is rejected; none before issuer, matches and purposes can be read. */
  readonly warnings: readonly string[];
}

/** Judges all of a rule, so that its author need not mend one fault to hear of the next. */
export function reviewRule(entered: EnteredRule, { issuers, holds }: RuleAuthor): RuleReview {
  const rejections: RuleRejection[] = [];
  const attempt = collecting(rejections);
  const fields = checkFields(entered, attempt);
  const { issuer, permissions, matches, purposes, runIdClaim, allowPassword } = fields;
  if (issuer !== undefined) attempt(() => requireKnown(issuer, issuers));
  const missing = permissions?.find((permission) => !holds(permission));
  if (missing !== undefined) rejections.push({ field: 'permissions', error: notHeld(missing) });
  let warnings: readonly string[] = [];
  if (issuer !== undefined && matches !== undefined && purposes !== undefined) {
    checkRisks({ issuer, matches, purposes }, attempt);
    warnings = warningsOf({
      issuer,
      matches,
      purposes,
      runIdClaim: runIdClaim ?? null,
      allowPassword: !!allowPassword,
    });
  }
  return { rule: isWhole(fields) ? fields : null, rejections, warnings };
}

/** The rule that saving takes. @throws PurserError the first rejection */
export function requireAccepted({ rule, rejections: [first] }: RuleReview): TrustRuleDetails {
  if (first !== undefined) throw first.error;
  if (rule === null) throw new Error('a field of the rule cannot be read, and no check said so');
  return rule;
}

type Fields = ReturnType<typeof checkFields>;

function isWhole(fields: Fields): fields is TrustRuleDetails {
  return Object.values(fields).every((value) => value !== undefined);
}

function requireKnown(issuer: string, issuers: ReadonlySet<string>): void {
  if (issuers.has(issuer)) return;
  throw badUserInput(
    'issuer',
    'The operator set up no such issuer for trust rules: in `JWT_ISSUERS`, or `WOODPECKER_SERVERS`, it needs an entry with `"grants": "rules"`. It is compared exactly, also a `/` at its end.',
  );
}

function notHeld(permission: string): PurserError {
  return new PurserError(
    'FORBIDDEN',
    `Your token does not grant \`${permission}\` in this project, so you cannot make a rule that does.`,
  );
}
