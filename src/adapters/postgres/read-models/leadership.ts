import { randomBytes, randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import type { Client } from 'pg';
import { createConnection } from '../connection.ts';
import type { Logger } from '../logger.ts';
import type { Queryable } from '../statement.ts';

/** How long the lead lasts without a renewal: with the attempts of a standby, a takeover takes less than 5 s. */
const LEASE_MS = 3_000;
const RENEW_EVERY_MS = 1_000;
/** A leader whose renewals take longer than this gives way to a replica that is quicker. */
const SLOW_MS = 1_000;
/** How long it lets the others go first, then. */
const STAND_BACK_MS = 10_000;
/** Renewals do not wait for each other: with a round trip of two seconds, one each second must still arrive. */
const MAX_UNANSWERED = 5;
const STATEMENT_TIMEOUT_MS = 3_000;
/** The advisory locks of the sessions that project: "lead" in ASCII. */
const SESSION_LOCKS = 1_818_583_396;

export interface LeadershipDeps {
  readonly connectionString: string;
  readonly logger: Logger;
}

/** The lead of the projection, for as long as this replica has it. */
export interface Lease {
  /** The projector's transactions name it, and are refused once another replica has a later one. */
  readonly term: bigint;
  /** False once another replica leads, and when this one gives way to a quicker one. */
  readonly held: boolean;
  /** Tells that the projector is at work. */
  stepped(): void;
  /** Lets others take the lead at once. Whoever takes it ends what is still being written. */
  release(): Promise<void>;
}

/** One replica at a time leads: by a lease in the database, by the database's clock. */
export interface Leadership {
  /** This process, as it calls itself when it leads. */
  readonly holder: string;
  /** Whether this replica leads. By its own clock it may stop a little before its lease ends, but not after. */
  readonly leading: boolean;
  /** Whether nobody leads, so that this replica may. */
  isVacant(): Promise<boolean>;
  /**
   * Marks the session that will project with a lock, and ends that of the leader before.
   * @returns undefined if another replica was quicker
   */
  take(session: Pick<Client, 'query'>): Promise<Lease | undefined>;
  close(): Promise<void>;
}

export function createLeadership({ connectionString, logger }: LeadershipDeps): Leadership {
  // The random part tells apart containers that have the same name and process id.
  const holder = `${hostname()}:${process.pid}/${randomBytes(3).toString('hex')}`;
  const connection = createConnection({
    connectionString,
    name: 'purser leadership',
    pipeline: true,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger,
  });
  let isLeading = () => false;
  /** How long the database took to answer last. */
  let answeredWithinMs = 0;
  let standingBackUntil = 0;

  async function ask<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row | undefined> {
    const sentAt = performance.now();
    const { rows } = await connection.query<Row>({ name, text, values });
    answeredWithinMs = performance.now() - sentAt;
    return rows[0];
  }

  function hold(term: bigint, sentAt: number): Lease {
    let held = true;
    let validUntil = sentAt + LEASE_MS;
    let lastStepAt = performance.now();
    let unanswered = 0;
    isLeading = () => held && performance.now() < validUntil;
    const timer = setInterval(() => void renew(), RENEW_EVERY_MS);

    function lose(): void {
      held = false;
      clearInterval(timer);
    }

    async function renew(): Promise<void> {
      if (unanswered >= MAX_UNANSWERED) return;
      unanswered += 1;
      const renewedAt = performance.now();
      try {
        const answer = await ask<{ renewed: boolean; challenged: boolean }>(
          'lead-renew',
          'select * from projection.renew_lead($1, $2, $3)',
          [term, LEASE_MS, Math.round(renewedAt - lastStepAt)],
        );
        if (!held) return;
        if (!answer?.renewed) return lose();
        validUntil = Math.max(validUntil, renewedAt + LEASE_MS);
        if (answer.challenged && performance.now() - renewedAt > SLOW_MS) giveWay();
      } catch {
        // The database cannot be reached, which the projector reports. The lease ends by itself.
      } finally {
        unanswered -= 1;
      }
    }

    function giveWay(): void {
      logger.warn({ answeredWithinMs: Math.round(answeredWithinMs) }, 'the lead goes to a replica that is quicker');
      standingBackUntil = performance.now() + STAND_BACK_MS;
      // At once: a batch under way takes several of the slow round trips, and whoever takes the lead ends it.
      release().catch(() => undefined);
    }

    async function release(): Promise<void> {
      lose();
      await ask('lead-release', 'select projection.release_lead($1)', [term]);
    }

    return {
      term,
      get held() {
        return held;
      },
      stepped() {
        lastStepAt = performance.now();
      },
      release,
    };
  }

  return {
    holder,

    get leading() {
      return isLeading();
    },

    async isVacant() {
      if (performance.now() < standingBackUntil) return false;
      const isQuick = answeredWithinMs < SLOW_MS / 2;
      const answer = await ask<{ vacant: boolean }>('lead-wait', 'select projection.await_lead($1, $2) as vacant', [
        holder,
        isQuick,
      ]);
      return answer?.vacant ?? false;
    },

    async take(session) {
      const sessionLock = randomInt(2 ** 31);
      await session.query('select pg_advisory_lock($1, $2)', [SESSION_LOCKS, sessionLock]);
      const sentAt = performance.now();
      const answer = await ask<{ term: bigint | null }>(
        'lead-take',
        'select projection.take_lead($1, $2, $3) as term',
        [holder, sessionLock, LEASE_MS],
      );
      return answer?.term == null ? undefined : hold(answer.term, sentAt);
    },

    close: () => connection.close(),
  };
}

export interface Leader {
  /** Host, process id and a random part. */
  readonly name: string;
  readonly lastRenewalMs: number;
  /** Since the projector last looked for events or wrote some. */
  readonly lastStepMs: number;
}

/** Who leads, as all replicas see it, or for how long nobody has. */
export type Lead = { readonly leader: Leader } | { readonly leader: null; readonly vacantMs: number };

export interface RecordedLead {
  readonly lead: Lead;
  readonly term: number;
  /** Since the last renewal, also if nobody leads any more. */
  readonly leaseAgeMs: number;
}

export async function readLead(database: Queryable): Promise<RecordedLead> {
  const { rows } = await database.query<{
    term: number;
    held: boolean;
    holder: string;
    renewed: number;
    stepped: number;
    ended: number;
  }>({
    name: 'lead',
    text: `select term::float8 as term, expires_at > clock_timestamp() as held, holder,
        ${millisecondsSince('renewed_at')} as renewed, ${millisecondsSince('stepped_at')} as stepped,
        ${millisecondsSince('expires_at')} as ended
      from projection.leadership`,
    values: [],
  });
  const [row] = rows;
  if (!row) throw new Error('projection.leadership has no row');
  const lead = row.held
    ? { leader: { name: row.holder, lastRenewalMs: row.renewed, lastStepMs: row.stepped } }
    : { leader: null, vacantMs: row.ended };
  return { lead, term: row.term, leaseAgeMs: row.renewed };
}

function millisecondsSince(column: string): string {
  return `(extract(epoch from clock_timestamp() - ${column}) * 1000)::float8`;
}
