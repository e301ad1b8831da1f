import type { RegistryFilter, RegistryOrder } from '../../../application/ports/read-models.ts';
import type { CredentialStatus } from '../../../domain/credential.ts';
import { REFUSALS } from '../../../domain/probe-outcome.ts';
import { type Conditions, containing } from '../statement.ts';
import type { Source } from './bounded-page.ts';
import { hasTrigram } from './trigrams.ts';

/** The same rule as `failing` in `credentialStatus`: the last test of the current version was refused. */
export const FAILING = `coalesce(health->>'outcome' in (${REFUSALS.map((outcome) => `'${outcome}'`).join(', ')})
  and (health->>'credentialVersion')::int = credential_version, false)`;

/** The last test was of the current version. */
export const TESTED = `coalesce((health->>'credentialVersion')::int = credential_version, false)`;

/** As the index of trigrams has it: no text that is found has a line feed. */
const SEARCHED = `(r.name || E'\\n' || r.url || E'\\n' || r.username || E'\\n' || coalesce(r.description, ''))`;

const EXPIRES_LAST = `coalesce(r.expires_at, 'infinity')`;
const EXPIRES_FIRST = `coalesce(r.expires_at, '-infinity')`;
const EXPIRING_FROM = `coalesce(r.expiring_from, 'infinity')`;
/** Uses change this value once a minute at most, so that most of them change no index. */
const USED_LAST = `coalesce(u.used_minute, 'infinity')`;
const USED_FIRST = `coalesce(u.used_minute, '-infinity')`;

/** The expression that an index has, in each direction, and its type: what has no time comes last in either. */
const ORDER_KEYS: Readonly<
  Record<RegistryOrder['field'], { readonly ASC: string; readonly DESC: string; readonly type: string }>
> = {
  NAME: { ASC: 'lower(r.name)', DESC: 'lower(r.name)', type: 'text' },
  URL: { ASC: 'r.url', DESC: 'r.url', type: 'text' },
  CREATED_AT: { ASC: 'r.created_at', DESC: 'r.created_at', type: 'timestamptz' },
  UPDATED_AT: { ASC: 'r.updated_at', DESC: 'r.updated_at', type: 'timestamptz' },
  EXPIRES_AT: { ASC: EXPIRES_LAST, DESC: EXPIRES_FIRST, type: 'timestamptz' },
  LAST_USED_AT: { ASC: USED_LAST, DESC: USED_FIRST, type: 'timestamptz' },
};

export function orderKey({ field, direction }: RegistryOrder): { readonly key: string; readonly type: string } {
  const { type, [direction]: key } = ORDER_KEYS[field];
  return { key, type };
}

/** One condition of a filter. */
export interface FilterPart {
  readonly condition: string;
  /** Where an index serves the condition in this order. */
  readonly served?: ((order: RegistryOrder) => Served | undefined) | undefined;
  /** What finds the rows in any order; undefined if no index does. */
  readonly sources?: readonly Source[] | undefined;
  /**
   * Together as much as the condition, and no row is in two of them: of each an index has all that it reads. Undefined if
   * there are no such indexes.
   */
  readonly indexed?: readonly Source[] | undefined;
  /** Whether it reads the last use, `u`; `indexed` reads nothing else. */
  readonly ofUse?: boolean;
}

interface Served {
  readonly condition: string;
  /** Whether it is as much as the part's own condition. */
  readonly exactly: boolean;
}

/** Those that usually find the fewest registries come first. */
export function filterParts(where: Conditions, filter: RegistryFilter, now: string): readonly FilterPart[] {
  const { search, provider, status, statuses, expiresBefore, rotationDueBefore, unusedSince, neverTested } = filter;
  return [
    ...(status === undefined ? [] : [statusPart(where, [status], now)]),
    ...(statuses === undefined ? [] : [statusPart(where, statuses, now)]),
    ...(search === undefined || search === '' ? [] : [searchPart(where, search)]),
    ...(expiresBefore === undefined ? [] : [expiresBeforePart(where, expiresBefore)]),
    ...(rotationDueBefore === undefined ? [] : [rotationPart(where, rotationDueBefore)]),
    ...(provider === undefined ? [] : [inOrderOfName(`r.provider = ${where.value(provider)}`)]),
    ...(neverTested === undefined ? [] : [inOrderOfName(neverTested ? `not ${TESTED}` : TESTED)]),
    ...(unusedSince === undefined ? [] : [unusedPart(where, unusedSince)]),
  ];
}

const BY_NAME = 'order by lower(r.name), r.id';

/** For what has an index by name. */
function inOrderOfName(condition: string): FilterPart {
  return {
    condition,
    served: ({ field }) => (field === 'NAME' ? { condition, exactly: true } : undefined),
    sources: [{ condition, orderBy: BY_NAME }],
    // In the order of names, the name itself would be read from the table.
    indexed: [{ condition, orderBy: '' }],
  };
}

function searchPart(where: Conditions, search: string): FilterPart {
  const term = containing(search);
  const own = where.value(term);
  return {
    condition: `(r.name ilike ${own} or r.url ilike ${own} or r.username ilike ${own} or r.description ilike ${own})`,
    sources: hasTrigram(search) ? [{ condition: `${SEARCHED} ilike ${own}`, orderBy: '' }] : undefined,
  };
}

function expiresBeforePart(where: Conditions, time: string): FilterPart {
  const own = where.value(time);
  const indexed = [{ condition: `${EXPIRES_LAST} < ${own}`, orderBy: `order by ${EXPIRES_LAST}, r.id` }];
  return {
    condition: `r.expires_at < ${own}`,
    served: ({ field, direction }) => {
      if (field !== 'EXPIRES_AT') return undefined;
      const key = direction === 'ASC' ? EXPIRES_LAST : EXPIRES_FIRST;
      return { condition: `${key} < ${own}`, exactly: direction === 'ASC' };
    },
    sources: indexed,
    indexed,
  };
}

function rotationPart(where: Conditions, time: string): FilterPart {
  const condition = `r.rotation_due_at < ${where.value(time)}`;
  const indexed = [{ condition, orderBy: 'order by r.rotation_due_at, r.id' }];
  return { condition, sources: indexed, indexed };
}

/** In whole minutes, as the index has them: a use within the minute of the time is none before it. */
function unusedPart(where: Conditions, time: string): FilterPart {
  const condition = `${USED_FIRST} < date_trunc('minute', ${where.value(time)}::timestamptz)`;
  const indexed = [{ condition, orderBy: `order by ${USED_FIRST}, u.registry_id` }];
  return {
    condition,
    ofUse: true,
    served: ({ field, direction }) =>
      field === 'LAST_USED_AT' && direction === 'DESC' ? { condition, exactly: true } : undefined,
    sources: indexed.map((each) => ({ ...each, condition: `u.project_id = r.project_id and ${condition}` })),
    indexed,
  };
}

function statusPart(where: Conditions, entered: readonly CredentialStatus[], now: string): FilterPart {
  const statuses = [...new Set(entered)];
  const at = statuses.every((status) => status === 'NEEDS_CREDENTIAL') ? '' : where.value(now);
  const [only] = statuses.length === 1 ? statuses : [];
  const found = statuses.map((status) => sourceOf(status, at));
  const sources = found.flatMap((source) => source ?? []);
  return {
    condition: `(${statuses.map((status) => hasStatus(status, at)).join(' or ')})`,
    served: only && ((order) => statusServed(only, order, at)),
    sources: sources.length === statuses.length ? sources : undefined,
    indexed: statuses.map((status) => ({ condition: hasStatus(status, at), orderBy: indexOrder(status) })),
  };
}

const LAST_BEGUN = `order by ${EXPIRING_FROM} desc, r.id desc`;

/** Of the index that has all of the status. */
function indexOrder(status: CredentialStatus): string {
  switch (status) {
    case 'EXPIRED':
      return `order by ${EXPIRES_LAST}, r.id`;
    case 'EXPIRING':
    case 'ACTIVE':
      return LAST_BEGUN;
    case 'FAILING':
    case 'NEEDS_CREDENTIAL':
      // In the order of names, the name itself would be read from the table.
      return '';
  }
}

/** The same rule as `credentialStatus`, for rows. The statuses exclude each other. */
function hasStatus(status: CredentialStatus, at: string): string {
  switch (status) {
    case 'NEEDS_CREDENTIAL':
      return 'r.secret_missing';
    case 'EXPIRED':
      // As the index has it: of a partial index the planner knows no statistics, and the column's would make it read the table.
      return `(not r.secret_missing and ${EXPIRES_LAST} <= ${at})`;
    case 'EXPIRING':
      return `(not r.secret_missing and not ${FAILING} and r.expires_at > ${at} and ${EXPIRING_FROM} <= ${at})`;
    case 'ACTIVE':
      return `(not r.secret_missing and not ${FAILING} and ${EXPIRING_FROM} > ${at})`;
    case 'FAILING':
      return `(not r.secret_missing and ${FAILING} and (r.expires_at is null or r.expires_at > ${at}))`;
  }
}

function statusServed(status: CredentialStatus, { field, direction }: RegistryOrder, at: string): Served | undefined {
  if (status === 'NEEDS_CREDENTIAL' && field === 'NAME') return { condition: 'r.secret_missing', exactly: true };
  if (status === 'FAILING' && field === 'NAME') return { condition: FAILING, exactly: false };
  if (field !== 'EXPIRES_AT') return undefined;
  const key = direction === 'ASC' ? EXPIRES_LAST : EXPIRES_FIRST;
  if (status === 'EXPIRED') return { condition: `${key} <= ${at}`, exactly: false };
  if (status === 'EXPIRING' && direction === 'ASC') return { condition: `${key} > ${at}`, exactly: false };
  return undefined;
}

function sourceOf(status: CredentialStatus, at: string): Source | undefined {
  switch (status) {
    case 'NEEDS_CREDENTIAL':
      return { condition: 'r.secret_missing', orderBy: BY_NAME };
    case 'FAILING':
      return { condition: FAILING, orderBy: BY_NAME };
    case 'EXPIRED':
      return { condition: `${EXPIRES_LAST} <= ${at}`, orderBy: `order by ${EXPIRES_LAST}, r.id` };
    case 'EXPIRING':
      return {
        condition: `not r.secret_missing and not ${FAILING} and ${EXPIRING_FROM} <= ${at}`,
        orderBy: LAST_BEGUN,
      };
    case 'ACTIVE':
      // Usually most of all.
      return undefined;
  }
}
