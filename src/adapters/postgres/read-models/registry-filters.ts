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
  /** Together as much as the condition, and no row is in two of them. Undefined if an index does not find all. */
  readonly oneOf?: readonly Source[] | undefined;
  /** Whether it reads the last use, `u`. */
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
    sources: [{ condition: condition, orderBy: BY_NAME }],
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
  return {
    condition: `r.expires_at < ${own}`,
    served: ({ field, direction }) => {
      if (field !== 'EXPIRES_AT') return undefined;
      const key = direction === 'ASC' ? EXPIRES_LAST : EXPIRES_FIRST;
      return { condition: `${key} < ${own}`, exactly: direction === 'ASC' };
    },
    sources: [{ condition: `${EXPIRES_LAST} < ${own}`, orderBy: `order by ${EXPIRES_LAST}, r.id` }],
  };
}

function rotationPart(where: Conditions, time: string): FilterPart {
  const condition = `r.rotation_due_at < ${where.value(time)}`;
  return { condition, sources: [{ condition: condition, orderBy: 'order by r.rotation_due_at, r.id' }] };
}

function unusedPart(where: Conditions, time: string): FilterPart {
  const own = where.value(time);
  const latest = `${USED_FIRST} <= date_trunc('minute', ${own}::timestamptz)`;
  return {
    condition: `(u.last_used_at is null or u.last_used_at < ${own})`,
    ofUse: true,
    served: ({ field, direction }) =>
      field === 'LAST_USED_AT' && direction === 'DESC' ? { condition: latest, exactly: false } : undefined,
    sources: [
      { condition: `u.project_id = r.project_id and ${latest}`, orderBy: `order by ${USED_FIRST}, u.registry_id` },
    ],
  };
}

function statusPart(where: Conditions, entered: readonly CredentialStatus[], now: string): FilterPart {
  const statuses = [...new Set(entered)];
  const at = statuses.every((status) => status === 'NEEDS_CREDENTIAL') ? '' : where.value(now);
  const [only] = statuses.length === 1 ? statuses : [];
  const found = statuses.map((status) => sourceOf(status, at));
  const own = statuses.map((status) => hasStatus(status, at));
  const sources = found.flatMap((source) => source ?? []);
  const areFound = sources.length === statuses.length;
  return {
    condition: `(${own.join(' or ')})`,
    served: only && ((order) => statusServed(only, order, at)),
    sources: areFound ? sources : undefined,
    oneOf: areFound
      ? sources.map(({ condition, orderBy }, place) => ({ condition: `${condition} and ${own[place]}`, orderBy }))
      : undefined,
  };
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
      return `(not r.secret_missing and not ${FAILING} and r.expires_at > ${at} and r.expiring_from <= ${at})`;
    case 'ACTIVE':
      return `(not r.secret_missing and not ${FAILING} and (r.expires_at is null or r.expiring_from > ${at}))`;
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
      return { condition: `r.expiring_from <= ${at}`, orderBy: 'order by r.expiring_from desc, r.id desc' };
    case 'ACTIVE':
      // Usually most of all.
      return undefined;
  }
}
