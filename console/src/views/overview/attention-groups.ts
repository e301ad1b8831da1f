import type {
  AttentionGroupFragment,
  OverviewAttentionQuery,
  OverviewCountsQuery,
} from '../../api/generated/graphql.ts';
import type { RawSearch } from '../../app/search-params.ts';
import type { Tone } from '../../components/statuses.ts';

type Registry = AttentionGroupFragment['nodes'][number];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Since when a registry that nobody used is worth a question, in days. */
export const LONG_AGO_DAYS = 90;

export type GroupName = Exclude<keyof OverviewAttentionQuery, 'all'>;

export interface AttentionGroup {
  readonly name: GroupName;
  readonly tone: Tone;
  /** The list of all of them, as the address of the registries has it. */
  readonly search: RawSearch;
  /** The moment that tells how bad it is; null if there is none. */
  readonly moment: (registry: Registry) => string | null;
}

/** In the order of how much they press. */
export const ATTENTION_GROUPS: readonly AttentionGroup[] = [
  {
    name: 'failing',
    tone: 'danger',
    search: { status: 'FAILING' },
    moment: ({ health }) => health?.testedAt ?? null,
  },
  { name: 'needsCredential', tone: 'danger', search: { status: 'NEEDS_CREDENTIAL' }, moment: () => null },
  { name: 'expired', tone: 'danger', search: { status: 'EXPIRED' }, moment: ({ credential }) => credential.expiresAt },
  {
    name: 'expiring',
    tone: 'attention',
    search: { status: 'EXPIRING', order: 'EXPIRES_AT' },
    moment: ({ credential }) => credential.expiresAt,
  },
  {
    name: 'overdue',
    tone: 'attention',
    search: { overdue: true },
    moment: ({ credential }) => credential.rotationDueAt,
  },
  { name: 'neverTested', tone: 'info', search: { neverTested: true }, moment: ({ createdAt }) => createdAt },
  {
    name: 'unused',
    tone: 'neutral',
    search: { unusedDays: LONG_AGO_DAYS },
    moment: ({ usage, createdAt }) => usage.lastUsedAt ?? createdAt,
  },
];

/** Times of the queries, to the minute: answers are cached by them. */
export function timesOf(now: number): { readonly now: string; readonly longAgo: string; readonly until: string } {
  const minute = Math.floor(now / MINUTE) * MINUTE;
  const at = (days: number) => new Date(minute + days * DAY).toISOString();
  return { now: at(0), longAgo: at(-LONG_AGO_DAYS), until: at(90) };
}

/** A registry that is younger than the span was not left unused: it counts only if it existed before. */
export function pressing(data: OverviewAttentionQuery, longAgo: string): AttentionGroup[] {
  return ATTENTION_GROUPS.filter(({ name }) => {
    const { nodes } = data[name];
    if (name !== 'unused') return nodes.length > 0 || hasMore(data, name);
    // The oldest come first, so one look at the first says whether there is any.
    const [oldest] = nodes;
    return oldest !== undefined && oldest.createdAt < longAgo;
  });
}

/** Whether a group has more than its first few. Of these there may be none: a page looks at a few hundred registries. */
export function hasMore(data: OverviewAttentionQuery, name: GroupName): boolean {
  return data[name].pageInfo.hasNextPage;
}

/** Which groups must be counted. */
export function uncounted(data: OverviewAttentionQuery, groups: readonly AttentionGroup[]): Record<GroupName, boolean> {
  const must = (name: GroupName) => hasMore(data, name) && groups.some((group) => group.name === name);
  return {
    failing: must('failing'),
    needsCredential: must('needsCredential'),
    expired: must('expired'),
    expiring: must('expiring'),
    overdue: must('overdue'),
    neverTested: must('neverTested'),
    unused: must('unused'),
  };
}

export interface GroupTotal {
  readonly totalCount: number;
  readonly totalCountIsExact: boolean;
}

/** Undefined until it is known. */
export function totalOf(
  data: OverviewAttentionQuery,
  counts: OverviewCountsQuery | undefined,
  name: GroupName,
): GroupTotal | undefined {
  if (hasMore(data, name)) return counts?.[name];
  return { totalCount: data[name].nodes.length, totalCountIsExact: true };
}
