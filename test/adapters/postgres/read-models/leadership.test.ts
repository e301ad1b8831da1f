import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { applyEvents, progressOf } from '../../../../src/adapters/postgres/read-models/apply-events.ts';
import { LeadLost } from '../../../../src/adapters/postgres/read-models/checkpoint.ts';
import {
  createLeadership,
  type Leadership,
  type Lease,
  readLead,
} from '../../../../src/adapters/postgres/read-models/leadership.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { type DelayingProxy, startDelayingProxy } from '../../../support/delaying-proxy.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { projectorClient, trusting } from '../../../support/read-models.ts';
import { createdEvent, idOf } from '../../../support/recorded-events.ts';
import { appendAll } from '../../../support/running-projector.ts';
import { serverOf, throughPort, withClient } from '../../../support/server-databases.ts';

let connectionString: string;
let log: EventLog;
let line: DelayingProxy;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  line = await startDelayingProxy(serverOf(connectionString));
});
afterAll(async () => {
  await log.close();
  await line.close();
});
beforeEach(async () => {
  line.delay(0);
  await query("update projection.leadership set expires_at = now() - interval '1 minute', session_lock = null");
});

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

const runOut = () => query("update projection.leadership set expires_at = now() - interval '1 second'");

interface Candidate {
  readonly leadership: Leadership;
  readonly client: Awaited<ReturnType<typeof projectorClient>>;
  readonly take: () => Promise<Lease | undefined>;
}

/** A replica with an open session, as the projector opens one before it takes the lead. */
async function candidate(through = connectionString): Promise<Candidate> {
  const leadership = createLeadership({ connectionString: through, logger: SILENT });
  const client = await projectorClient(connectionString);
  client.on('error', () => undefined);
  const leases: Lease[] = [];
  onTestFinished(async () => {
    await Promise.all(leases.map((lease) => lease.release()));
    await Promise.all([leadership.close(), client.end().catch(() => undefined)]);
  });
  return {
    leadership,
    client,
    async take() {
      const lease = await leadership.take(client);
      if (lease) leases.push(lease);
      return lease;
    },
  };
}

async function taken({ take }: Candidate): Promise<Lease> {
  const lease = await take();
  if (!lease) throw new Error('the lead was not taken');
  return lease;
}

describe('the lead', () => {
  it('is one at a time, is free at once after a release, and raises the term', async () => {
    const [first, second] = [await candidate(), await candidate()];
    const lease = await taken(first);
    expect(first.leadership.leading).toBe(true);
    expect(await second.leadership.isVacant()).toBe(false);
    expect(await second.take()).toBeUndefined();
    expect(second.leadership.leading).toBe(false);

    await lease.release();
    expect(first.leadership.leading).toBe(false);
    expect(await second.leadership.isVacant()).toBe(true);
    expect((await taken(second)).term).toBe(lease.term + 1n);
  });

  it('is free at once if the session of its holder is gone', async () => {
    const [first, second] = [await candidate(), await candidate()];
    await taken(first);
    await query(
      'select pg_terminate_backend(pid, 1000) from projection.leadership, projection.sessions_with(session_lock) pid',
    );
    expect(await second.leadership.isVacant()).toBe(true);
    expect(await second.take()).toBeDefined();
  });

  it('goes to one of many that ask for it in the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => candidate()));
    const leases = await Promise.all(all.map(({ take }) => take()));
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('is renewed, with the age of the last step, and lost when another has it', async () => {
    const [first, second] = [await candidate(), await candidate()];
    const lease = await taken(first);
    const reader = { query: <Row>({ text }: { text: string }) => query<Row>(text).then((rows) => ({ rows })) };
    const [before] = await query<{ renewed_at: Date }>('select renewed_at from projection.leadership');
    const renewedAt = async () =>
      (await query<{ renewed_at: Date }>('select renewed_at from projection.leadership'))[0];
    await expect.poll(renewedAt).not.toEqual(before);
    const { lead, term, leaseAgeMs } = await readLead(reader);
    const { leader } = lead;
    expect(term).toBe(Number(lease.term));
    expect(leaseAgeMs).toBe(leader?.lastRenewalMs);
    expect(leader).toMatchObject({ lastRenewalMs: expect.any(Number), lastStepMs: expect.any(Number) });
    expect(leader?.lastStepMs).toBeGreaterThan(500);

    await runOut();
    await taken(second);
    await expect.poll(() => lease.held).toBe(false);
    expect(first.leadership.leading).toBe(false);
  });
});

describe('a leader whose lease has run out', () => {
  it('cannot write any more when another leads, and nothing of its batch is there', async () => {
    const [first, second] = [await candidate(), await candidate()];
    const lease = await taken(first);
    const late = await projectorClient(connectionString);
    onTestFinished(() => late.end());
    await appendAll(log, createdEvent('late', 1));
    const target = { client: late, schema: 'read_models', term: lease.term, authenticator: trusting };
    const reached = await progressOf(target);
    const page = await log.readAll({ after: reached.checkpoint.position, maxCount: 100 });

    await runOut();
    const successor = await taken(second);
    await expect(applyEvents(target, reached, page, () => undefined)).rejects.toBeInstanceOf(LeadLost);
    expect(await query('select from read_models.registries where id = $1', [idOf('late')])).toEqual([]);
    const { checkpoint } = await applyEvents(
      { ...target, term: successor.term },
      await progressOf(target),
      page,
      () => undefined,
    );
    expect(checkpoint.position).toBe(page.events.at(-1)?.position);
  });

  it('has its session ended, with the transaction that it left open', async () => {
    const [first, second] = [await candidate(), await candidate()];
    const { term } = await taken(first);
    await first.client.query('begin');
    await first.client.query(
      `select projection.advance_checkpoint('read_models.checkpoint', $1, generation, position, position + 1, events + 1)
       from read_models.checkpoint`,
      [term],
    );
    const [before] = await query('select position from read_models.checkpoint');
    await runOut();
    await taken(second);
    await expect(first.client.query('commit')).rejects.toThrow();
    expect(await query('select position from read_models.checkpoint')).toEqual([before]);
  });

  it('is renewed although a batch is being written', async () => {
    const [first, second] = [await candidate(), await candidate()];
    const { term } = await taken(first);
    await first.client.query('begin');
    await first.client.query('select from projection.leadership where term = $1 for key share', [term]);
    await query("update projection.leadership set expires_at = now() + interval '1 second'");
    await expect
      .poll(() => query("select from projection.leadership where expires_at > now() + interval '2 seconds'"))
      .toHaveLength(1);
    expect(await second.leadership.isVacant()).toBe(false);
    await first.client.query('rollback');
  });
});

describe('a leader with a round trip of two seconds', () => {
  const throughLine = () => throughPort(connectionString, line.port);

  it('leads as long as nobody else is there', async () => {
    const alone = await candidate(throughLine());
    const lease = await taken(alone);
    // The first renewal over the long line comes two seconds after the last one over the short line, and later ones a second
    // after each other. Only those show how the lead is kept.
    await query("update projection.leadership set expires_at = now() + interval '1 minute'");
    line.delay(1_000);
    const [quick] = await query<{ at: string }>('select renewed_at::text as at from projection.leadership');
    const renewals = new Set([quick?.at]);
    const vacant: unknown[] = [];
    let lookedAt = performance.now();
    let excusedUntil = 0;
    await expect
      .poll(
        async () => {
          const [lead] = await query<{ at: string; ended: boolean }>(
            'select renewed_at::text as at, expires_at <= clock_timestamp() as ended from projection.leadership',
          );
          renewals.add(lead?.at);
          const now = performance.now();
          // While this machine stands still nothing is renewed in time: that says nothing of how the lead is kept.
          if (now - lookedAt > 500) excusedUntil = now + 3_000;
          lookedAt = now;
          if (lead?.ended && now > excusedUntil) vacant.push(lead);
          return renewals.size;
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThan(6);
    expect({ held: lease.held, vacant }).toEqual({ held: true, vacant: [] });
    // By its own clock the leader stops when an answer takes a moment longer than the lease allows, and goes on with it.
    await expect.poll(() => alone.leadership.leading).toBe(true);
    line.delay(0);
  });

  it('gives way to a replica that is quick, and stands back', async () => {
    const [slow, quick] = [await candidate(throughLine()), await candidate()];
    const lease = await taken(slow);
    line.delay(1_000);
    await expect
      .poll(async () => {
        await quick.leadership.isVacant();
        return lease.held;
      })
      .toBe(false);
    line.delay(0);
    await lease.release();
    expect(await slow.leadership.isVacant()).toBe(false);
    expect(await quick.leadership.isVacant()).toBe(true);
  });
});
