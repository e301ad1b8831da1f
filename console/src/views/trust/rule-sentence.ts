import type { LeasePurpose } from '../../api/generated/graphql.ts';
import { linesOf, type MatchDraft, READ, type RuleDraft, USE } from './rule-draft.ts';

/** A piece of a sentence: words, or something that stands in the token or in the rule as it is. */
export type Piece = string | { readonly code: string };

const code = (text: string): Piece => ({ code: text });
const LIST = { and: 'and', or: 'or' } as const;

/** `a`, `b` and `c`. */
function joined(items: readonly (readonly Piece[])[], word: keyof typeof LIST): Piece[] {
  return items.flatMap((item, index) => {
    if (index === 0) return item;
    return [index === items.length - 1 ? ` ${LIST[word]} ` : ', ', ...item];
  });
}

function condition({ claim, kind, text }: MatchDraft): Piece[] {
  const name: Piece[] = ['its ', code(claim || '…')];
  if (kind === 'startsWith') return [...name, ' begins with ', code(text.trim() || '…')];
  const values = linesOf(text);
  return [...name, ' is ', ...joined(values.length === 0 ? [[code('…')]] : values.map((value) => [code(value)]), 'or')];
}

const VERBS = { PULL: 'pull', PUSH: 'push' } as const satisfies Record<LeasePurpose, string>;

function verbs(purposes: readonly LeasePurpose[]): string {
  const [first, second] = (['PULL', 'PUSH'] as const).filter((one) => purposes.includes(one)).map((one) => VERBS[one]);
  if (first === undefined) return 'do nothing';
  return second === undefined ? first : `${first} and ${second}`;
}

function grant(draft: RuleDraft, nameOf: (registryId: string) => string): Piece[] {
  const grants: Piece[][] = [];
  if (draft.permissions.includes(USE)) {
    const ids = draft.registryIds;
    const registries: Piece[] =
      ids.length === 0
        ? ['every registry of the project']
        : joined(
            ids.map((id) => [code(nameOf(id))]),
            'and',
          );
    const repositories = linesOf(draft.repositories);
    const within: Piece[] =
      repositories.length === 0
        ? []
        : [
            ', only within ',
            ...joined(
              repositories.map((one) => [code(one)]),
              'and',
            ),
          ];
    grants.push([`${verbs(draft.purposes)} with the credentials of `, ...registries, ...within]);
  }
  if (draft.permissions.includes(READ)) grants.push(['see all registries of the project']);
  return grants.length === 0 ? ['do nothing yet'] : joined(grants, 'and');
}

/** The rule as it would be told to somebody. `nameOf` names a registry by its id. */
export function sentencesOf(draft: RuleDraft, nameOf: (registryId: string) => string): readonly (readonly Piece[])[] {
  const conditions = draft.matches.map(condition);
  const may: Piece[] = [
    'A job with a token of ',
    code(draft.issuer || '…'),
    conditions.length === 0 ? '' : ' may, if ',
    ...joined(conditions, 'and'),
    conditions.length === 0 ? ' may ' : ', ',
    ...grant(draft, nameOf),
    '.',
  ];
  const run: Piece[] =
    draft.runIdClaim === ''
      ? [', and each of its asks gets a lease of its own.']
      : [' and its run by ', code(draft.runIdClaim), '.'];
  const named: Piece[] = ['Leases and the audit log name its pipeline by ', code(draft.pipelineClaim || '…'), ...run];
  const password: Piece[] = ['It may be handed a password that can do more at the registry than this rule grants.'];
  return [may, named, ...(draft.allowPassword ? [password] : [])];
}

/** What a rule grants, in a few words for a list. */
export function grantWords(rule: {
  readonly permissions: readonly string[];
  readonly purposes: readonly LeasePurpose[];
  readonly registryIds: readonly string[];
  readonly repositories: readonly string[];
}): string {
  const grants: string[] = [];
  if (rule.permissions.includes(USE)) {
    const { length } = rule.registryIds;
    const where = length === 0 ? 'all registries' : length === 1 ? '1 registry' : `${length} registries`;
    const { length: parts } = rule.repositories;
    const within = parts === 0 ? '' : parts === 1 ? ', 1 repository' : `, ${parts} repositories`;
    grants.push(`${verbs(rule.purposes)}: ${where}${within}`);
  }
  if (rule.permissions.includes(READ)) grants.push('see all registries');
  const words = grants.join('; ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
