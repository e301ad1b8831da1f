import type { AuditFilter, AuditOutcome } from '../../api/generated/graphql.ts';
import { instant, known, oneOf, type RawSearch, text } from '../../app/search-params.ts';

const OUTCOMES = ['SUCCEEDED', 'DENIED', 'FAILED'] as const satisfies AuditOutcome[];
const KINDS = ['changes'] as const;

export type AuditSearch = ReturnType<typeof auditSearch>;

/** The names are those of the API's filter; `kind` stands for several actions, and `entry` is the opened one. */
export function auditSearch(raw: RawSearch) {
  return known({
    search: text(raw.search, 200),
    kind: oneOf(raw.kind, KINDS),
    action: text(raw.action, 64),
    outcome: oneOf(raw.outcome, OUTCOMES),
    code: text(raw.code, 64),
    actor: text(raw.actor),
    pipeline: text(raw.pipeline),
    runId: text(raw.runId),
    registryId: text(raw.registryId, 64),
    leaseId: text(raw.leaseId, 64),
    requestId: text(raw.requestId, 128),
    from: instant(raw.from),
    to: instant(raw.to),
    entry: text(raw.entry, 64),
  });
}

/** What people, or programs for them, change on purpose. What Purser does by itself and what pipelines ask for is not among it. */
export const CHANGES: readonly string[] = [
  'CREATE_REGISTRY',
  'UPDATE_REGISTRY',
  'DELETE_REGISTRY',
  'ROTATE_CREDENTIAL',
  'STAGE_CREDENTIAL',
  'ACTIVATE_CREDENTIAL',
  'ABANDON_STAGED_CREDENTIAL',
  'LINK_PIPELINE',
  'UNLINK_PIPELINE',
  'REVOKE_LEASES',
  'REPLAY_WEBHOOK_DELIVERY',
  'CREATE_CALENDAR_FEED',
  'REVOKE_CALENDAR_FEED',
  'CREATE_TRUST_RULE',
  'UPDATE_TRUST_RULE',
  'DELETE_TRUST_RULE',
];

/** As it is typed: a space may come before the next word. */
export function withEntered(draft: AuditSearch, name: keyof AuditSearch, value: string | null): AuditSearch {
  const { [name]: _, ...others } = draft;
  return value === null || value === '' ? others : { ...others, [name]: value };
}

/** What was entered, as it is filtered by: without spaces around it, and without what is empty then. */
export function appliedSearch({ entry: _, ...draft }: AuditSearch): AuditSearch {
  const trimmed = Object.entries(draft).map(([name, value]) => [name, value.trim()] as const);
  const { kind, ...filter }: AuditSearch = Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
  // An action that was typed takes the place of the quick filter's many.
  return kind === undefined || filter.action !== undefined ? filter : { ...filter, kind };
}

/** As the API takes it. An action that was chosen counts more than its kind. */
export function filterOf({ kind, entry: _, ...filter }: AuditSearch): AuditFilter {
  return kind === 'changes' && filter.action === undefined ? { ...filter, actions: [...CHANGES] } : filter;
}

export const PRESETS = {
  denied: { outcome: 'DENIED' },
  failed: { outcome: 'FAILED' },
  issued: { action: 'ISSUE_CREDENTIAL', outcome: 'SUCCEEDED' },
  changes: { kind: 'changes', outcome: 'SUCCEEDED' },
} as const satisfies Readonly<Record<string, AuditSearch>>;

export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = ['denied', 'failed', 'issued', 'changes'] as const satisfies readonly Preset[];

/** What is filtered by, apart from the times and the opened entry. */
export function conditionsOf({ from: _from, to: _to, entry: _entry, ...conditions }: AuditSearch): AuditSearch {
  return conditions;
}

/** The preset that stands for exactly what is filtered by. */
export function presetOf(search: AuditSearch): Preset | undefined {
  const sorted = (conditions: AuditSearch) => JSON.stringify(Object.entries(conditions).toSorted());
  const given = sorted(conditionsOf(search));
  return PRESET_NAMES.find((name) => sorted(PRESETS[name]) === given);
}

/** The times stay. */
export function withPreset(search: AuditSearch, preset: Preset | undefined): AuditSearch {
  const { from, to } = search;
  return { ...known({ from, to }), ...(preset !== undefined && PRESETS[preset]) };
}

/** Where an entry is found again, whatever is filtered by: its number and its time. */
export interface EntryPlace {
  readonly sequence: number;
  readonly occurredAt: string;
}

/** As the address holds it: `42@2026-03-01T09:30:00.000Z`. */
export function entryAddress({ sequence, occurredAt }: EntryPlace): string {
  return `${sequence}@${occurredAt}`;
}

export function placeOf(address: string): EntryPlace | undefined {
  const [, digits = '', time] = /^(\d{1,15})@(.+)$/.exec(address) ?? [];
  const occurredAt = instant(time);
  return occurredAt === undefined ? undefined : { sequence: Number(digits), occurredAt };
}

/** The entries of that millisecond. */
export function filterOfPlace({ occurredAt }: EntryPlace): AuditFilter {
  return { from: occurredAt, to: new Date(Date.parse(occurredAt) + 1).toISOString() };
}
