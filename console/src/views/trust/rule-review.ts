import type { ReviewOfRuleQuery } from '../../api/generated/graphql.ts';
import type { Failure } from '../../components/failure.ts';
import { linesOf, type MatchDraft, RULE_FIELDS, type RuleDraft } from './rule-draft.ts';

type Review = ReviewOfRuleQuery['reviewTrustRule'];

/** What the service says of a rule while it is typed. */
export interface ShownReview {
  /** By the field that they stand at. */
  readonly problems: Readonly<Record<string, string>>;
  /** Of no field of the form. */
  readonly others: readonly string[];
  /** Who else would meet it. */
  readonly warnings: readonly string[];
  /** What is said of passwords, which stands at their box. */
  readonly ofPasswords: readonly string[];
}

export const NOT_REVIEWED: ShownReview = { problems: {}, others: [], warnings: [], ofPasswords: [] };

const OF_MATCH = /^matches\[(\d+)\](?:\.(\w+))?$/;
const OF_PASSWORDS = '`allowPassword`';

/** An answer names conditions by their place. What it says of one moves with its row, and goes with it. */
export function movedWithRows<Named extends { readonly field: string }>(
  said: readonly Named[],
  before: readonly string[],
  now: readonly string[],
): Named[] {
  return said.flatMap((one) => {
    const [, place, part] = OF_MATCH.exec(one.field) ?? [];
    if (place === undefined) return [one];
    const to = now.indexOf(before[Number(place)] ?? '');
    return to === -1 ? [] : [{ ...one, field: `matches[${to}]${part === undefined ? '' : `.${part}`}` }];
  });
}

/** Whether saving was refused for a condition that the change takes away, or moves to another place. */
export function isOutdated(refusal: Failure | null, before: RuleDraft, { matches }: Partial<RuleDraft>): boolean {
  return OF_MATCH.test(refusal?.field ?? '') && matches !== undefined && matches.length < before.matches.length;
}

/** What is not typed yet is not said to be missing: saving says so. `isTemplate` while words of a preset are left to be replaced. */
export function shownReview(
  { rejections, warnings }: Review,
  draft: RuleDraft,
  { isTemplate }: { readonly isTemplate: boolean },
): ShownReview {
  const shown = rejections.filter(({ field }) => !isUnfinished(field, draft, isTemplate));
  const atField = shown.filter(({ field }) => isInForm(field));
  const isOfPasswords = (warning: string) => warning.startsWith(OF_PASSWORDS);
  return {
    // The first one of a field, as saving would say.
    problems: Object.fromEntries(atField.toReversed().map(({ field, message }) => [field, message])),
    others: shown.filter(({ field }) => !isInForm(field)).map(({ message }) => message),
    warnings: isTemplate ? [] : warnings.filter((warning) => !isOfPasswords(warning)),
    ofPasswords: warnings.filter(isOfPasswords),
  };
}

/** A password's box says what is said of it itself. */
const IN_FORM: ReadonlySet<string> = new Set(RULE_FIELDS.filter((field) => field !== 'allowPassword'));

function isInForm(field: string): boolean {
  return IN_FORM.has(field) || OF_MATCH.test(field);
}

function isUnfinished(field: string, draft: RuleDraft, isTemplate: boolean): boolean {
  const [, row, part] = OF_MATCH.exec(field) ?? [];
  if (row !== undefined) return isTemplate || isEmptyPart(draft.matches[Number(row)], part);
  switch (field) {
    case 'matches':
      return isTemplate;
    case 'name':
    case 'issuer':
    case 'pipelineClaim':
      return draft[field].trim() === '';
    default:
      return false;
  }
}

function isEmptyPart(match: MatchDraft | undefined, part: string | undefined): boolean {
  if (match === undefined) return true;
  return part === 'claim' ? match.claim.trim() === '' : linesOf(match.text).length === 0;
}
