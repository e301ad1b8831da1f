import type { CredentialCounts } from '../../../application/ports/metrics.ts';
import { type CredentialStatus, credentialStatus } from '../../../domain/credential.ts';
import type { Queryable } from '../statement.ts';
import { FAILING } from './registry-filters.ts';

/** The statement reads all registries, so no scrape waits for it. */
const FRESH_MS = 60_000;
const UNTESTED = 'UNTESTED';

/** Credentials that differ in what their status depends on: `when` is 0 without an expiry, 1 past, 2 soon, 3 later. */
const COUNT = `select secret_missing, ${FAILING} as failing,
    case when (health->>'credentialVersion')::int = credential_version then health->>'outcome' end as outcome,
    case when expires_at is null then 0 when expires_at <= $1 then 1 when expiring_from <= $1 then 2 else 3 end as when,
    min(expires_at) as expires_at, min(expiring_from) as expiring_from, count(*)::int as count
  from read_models.registries where phase = 'live' group by 1, 2, 3, 4`;

export interface CredentialCountsDeps {
  /** A connection that nothing else waits for. It is opened at its first use. */
  readonly database: Queryable;
  /** The same numbers from every replica would add up to too many. */
  readonly leading: () => boolean;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

/** Answers at once with numbers of the last minute or so; undefined until there are any, and where another replica leads. */
export function createCredentialCounts(deps: CredentialCountsDeps): () => CredentialCounts | undefined {
  const { database, leading, now, onFault } = deps;
  let counts: CredentialCounts | undefined;
  let countedAt = Number.NEGATIVE_INFINITY;

  async function count(): Promise<void> {
    const at = now();
    const values = [new Date(at).toISOString()];
    const { rows } = await database.query<CountRow>({ name: 'credential-counts', text: COUNT, values });
    counts = countsOf(rows, at);
  }

  return () => {
    if (!leading()) return undefined;
    if (now() - countedAt >= FRESH_MS) {
      countedAt = now();
      count().catch((error: unknown) => {
        counts = undefined;
        onFault(error);
      });
    }
    return counts;
  };
}

interface CountRow {
  readonly secret_missing: boolean;
  readonly failing: boolean;
  readonly outcome: string | null;
  readonly expires_at: string | null;
  readonly expiring_from: string | null;
  readonly count: number;
}

function countsOf(rows: readonly CountRow[], now: number): CredentialCounts {
  const byStatus = new Map<CredentialStatus, number>();
  const byHealth = new Map<string, number>();
  for (const { secret_missing, failing, outcome, expires_at, expiring_from, count } of rows) {
    const times = { present: !secret_missing, failing, expiresAt: expires_at, expiringFrom: expiring_from };
    add(byStatus, credentialStatus(times, now), count);
    add(byHealth, outcome ?? UNTESTED, count);
  }
  return { byStatus, byHealth };
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
