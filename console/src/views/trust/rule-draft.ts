import type {
  LeasePurpose,
  TrustRuleDetailsFragment,
  TrustRuleInput,
  TrustRulePresetDetailsFragment,
  UpdateTrustRuleInput,
} from '../../api/generated/graphql.ts';
import { claimOf } from '../../session/permissions.ts';

export const USE = claimOf('registry:use');
export const READ = claimOf('registry:read');

export interface MatchDraft {
  /** Of the row, while it is on the page. */
  readonly key: string;
  readonly claim: string;
  readonly kind: 'equals' | 'startsWith';
  /** With `equals`, one value a line. */
  readonly text: string;
}

/** What the form holds; empty texts where there is nothing. */
export interface RuleDraft {
  readonly name: string;
  readonly issuer: string;
  readonly matches: readonly MatchDraft[];
  readonly permissions: readonly string[];
  readonly purposes: readonly LeasePurpose[];
  readonly registryIds: readonly string[];
  /** One a line. */
  readonly repositories: string;
  readonly pipelineClaim: string;
  readonly runIdClaim: string;
  readonly allowPassword: boolean;
}

export type RuleField = keyof RuleDraft;

export const RULE_FIELDS = [
  'name',
  'issuer',
  'matches',
  'permissions',
  'purposes',
  'registryIds',
  'repositories',
  'pipelineClaim',
  'runIdClaim',
  'allowPassword',
] as const satisfies readonly RuleField[];

type StoredMatch = TrustRuleDetailsFragment['matches'][number];

let rows = 0;

export function matchDraft(match: Partial<Omit<MatchDraft, 'key'>> = {}): MatchDraft {
  rows += 1;
  return { key: `match-${rows}`, claim: '', kind: 'equals', text: '', ...match };
}

function ofStored({ claim, equals, startsWith }: StoredMatch): MatchDraft {
  return equals === null
    ? matchDraft({ claim, kind: 'startsWith', text: startsWith ?? '' })
    : matchDraft({ claim, text: equals.join('\n') });
}

export function draftOf(rule: TrustRuleDetailsFragment): RuleDraft {
  return {
    name: rule.name,
    issuer: rule.issuer,
    matches: rule.matches.map(ofStored),
    permissions: rule.permissions,
    purposes: rule.purposes,
    registryIds: rule.registryIds,
    repositories: rule.repositories.join('\n'),
    pipelineClaim: rule.pipelineClaim,
    runIdClaim: rule.runIdClaim ?? '',
    allowPassword: rule.allowPassword,
  };
}

export interface RuleStart {
  readonly preset?: TrustRulePresetDetailsFragment | undefined;
  /** From a token; it comes before the preset's. */
  readonly issuer?: string | undefined;
  readonly claims?: readonly (readonly [claim: string, value: string])[] | undefined;
  /** What the author's own token grants, which is all that the rule can. */
  readonly grantable: readonly string[];
}

/** A rule to start from. Claims of a token take the place of the preset's conditions. */
export function newDraft({ preset, issuer, claims = [], grantable }: RuleStart): RuleDraft {
  const fromToken = claims.map(([claim, text]) => matchDraft({ claim, text }));
  const fromPreset = preset?.matches.map(ofStored) ?? [];
  const matches = fromToken.length > 0 ? fromToken : fromPreset;
  return {
    name: '',
    issuer: issuer ?? preset?.issuer ?? '',
    matches: matches.length > 0 ? matches : [matchDraft()],
    permissions: [USE, READ].filter((one) => grantable.includes(one)).slice(0, 1),
    purposes: ['PULL'],
    registryIds: [],
    repositories: '',
    pipelineClaim: preset?.pipelineClaim ?? '',
    runIdClaim: preset?.runIdClaim ?? '',
    allowPassword: false,
  };
}

/** Each line that says something, without the spaces around it. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What the API takes. Empty texts are sent as they are, so that the service names the field. */
export function inputOf(draft: RuleDraft): TrustRuleInput {
  const { runIdClaim, ...others } = draft;
  return {
    ...others,
    matches: draft.matches.map(({ claim, kind, text }) =>
      kind === 'equals' ? { claim, equals: linesOf(text) } : { claim, startsWith: text.trim() },
    ),
    permissions: [...draft.permissions],
    purposes: [...draft.purposes],
    registryIds: [...draft.registryIds],
    repositories: linesOf(draft.repositories),
    runIdClaim: runIdClaim === '' ? null : runIdClaim,
  };
}

/** In the order of the form. */
export function changedFields(base: RuleDraft, draft: RuleDraft): RuleField[] {
  const before = inputOf(base);
  const after = inputOf(draft);
  return RULE_FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

/** Only what was changed, so that nothing else is overwritten. */
export function updateInput(base: RuleDraft, draft: RuleDraft): UpdateTrustRuleInput {
  const after = inputOf(draft);
  const changed = changedFields(base, draft).map((field) => [field, after[field]] as const);
  return Object.fromEntries(changed);
}

/** What somebody else saved, with what the reader changed in their own draft. */
export function mergeDraft(base: RuleDraft, theirs: RuleDraft, draft: RuleDraft): RuleDraft {
  const mine = changedFields(base, draft).map((field) => [field, draft[field]] as const);
  return { ...theirs, ...Object.fromEntries(mine) };
}

/** Words of a preset that are to be replaced, such as `REPOSITORY_ID`, and still stand in the draft. */
export function wordsLeft(draft: RuleDraft, preset: TrustRulePresetDetailsFragment | undefined): string[] {
  if (preset === undefined) return [];
  const given = [preset.issuer, ...preset.matches.flatMap(({ equals }) => equals ?? [])];
  const words = new Set(given.flatMap((text) => text.match(/\b[A-Z][A-Z_]{3,}\b/g) ?? []));
  const texts = [draft.issuer, ...draft.matches.map(({ text }) => text)];
  return [...words].filter((word) => texts.some((text) => new RegExp(`\\b${word}\\b`).test(text)));
}
