import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../support/protocol-double/control.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { rounds } from '../support/rounds.ts';
import { until } from '../support/until.ts';
import { findingsAtHome } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/** Longer than the waits of an operation, which end in 13 s. Without an answer in time, a client counts a hang. */
const TROUBLE_MS = 14_000;
const ELECTION_MS = 4_000;
const ANSWERS = 30;
/** So often an append is dropped while the client looks for its leader. Each takes at most the time of an operation. */
const DROPS = 4;

interface Trouble {
  readonly begin: (double: ProtocolDouble) => Promise<unknown>;
  readonly lastsMs: number;
  readonly end: (double: ProtocolDouble) => Promise<unknown>;
}

const hang = (takes: boolean): Trouble => ({
  begin: (double) => double.tell({ order: 'fault', fault: { kind: 'hang', takes } }),
  lastsMs: TROUBLE_MS,
  end: (double) => double.tell({ order: 'clear-faults' }),
});
const TROUBLES: readonly (readonly [string, Trouble])[] = [
  [
    'elects another leader',
    {
      begin: (double) => double.tell({ order: 'lead', member: 1, electionMs: ELECTION_MS }),
      lastsMs: ELECTION_MS,
      end: async () => undefined,
    },
  ],
  ['hangs, and takes nothing', hang(false)],
  ['hangs, and takes appends that it does not answer', hang(true)],
  [
    'freezes, so that not even pings are answered',
    {
      begin: async (double) => double.signal('SIGSTOP'),
      lastsMs: TROUBLE_MS,
      end: async (double) => double.signal('SIGCONT'),
    },
  ],
  [
    'takes no connections, and breaks those that stand',
    {
      begin: (double) => double.tell({ order: 'refuse' }),
      lastsMs: TROUBLE_MS,
      end: (double) => double.tell({ order: 'accept' }),
    },
  ],
  ['is killed and starts again', { begin: (double) => double.restart(), lastsMs: 0, end: async () => undefined }],
];

/** The service reads and writes at the leader of three members, which share their events. */
describe('under load, an event store that', () => {
  let double: ProtocolDouble;
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    double = await startProtocolDouble({ members: 3, kept: true });
    home = await createPurserHome({
      CALLER_ISSUES_PER_MINUTE: '0',
      EVENT_STORE_URL: double.clusterUrl(),
      EVENT_STORE_PREFIX: 'troubled',
    });
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    await client.settle(ledger.create());
  });
  afterAll(async () => {
    double?.signal('SIGCONT');
    await home?.remove();
    await double?.close();
  });

  it.each(TROUBLES.slice(0, rounds({ usual: 2, torture: TROUBLES.length })))(
    '%s makes writes UNAVAILABLE in time, loses and doubles nothing, and is used again without a restart',
    async (_, { begin, lastsMs, end }) => {
      const load = startLoad(ledger, client);
      await load.reaches(ANSWERS);
      const unavailable = () => client.tally.get('UNAVAILABLE') ?? 0;
      const before = unavailable();
      await begin(double);
      await delay(lastsMs);
      if (lastsMs > 0) await expect.poll(unavailable).toBeGreaterThan(before);
      await end(double);
      await load.reaches(ANSWERS);
      await load.stop();

      await Promise.all(ledger.mutations.map(client.settle));
      expect(await readBackFaults(client, ledger)).toEqual([]);
      expect(await repeatFaults(client, ledger.mutations.slice(-30))).toEqual([]);
      expect(await findingsAtHome(home, ledger)).toEqual([]);
    },
  );

  it('drops a subscription and then an append, while its leader cannot be found, does not end the service', async () => {
    const STRAY = 'the client of the event store failed outside of a call';
    const shows = (condition: (report: Report) => boolean) =>
      until(async () => {
        await home.requireRunning();
        return condition(await double.tell({ order: 'report' }));
      });
    const isStray = async () => (await home.log()).some(({ msg }) => msg === STRAY);
    // Not every dropped append leaves one.
    for (let round = 0; round < DROPS && !(await isStray()); round += 1) {
      await shows(({ subscriptions }) => subscriptions > 0);
      await double.tell({ order: 'fault', fault: { kind: 'hold' } });
      let isAnswered = false;
      const sent = client.send(ledger.create()).finally(() => {
        isAnswered = true;
      });
      await shows(({ held }) => held > 0 || isAnswered);
      await double.tell({ order: 'fault', fault: { kind: 'no-gossip' } });
      const before = await double.tell({ order: 'drop-subscriptions' });
      await shows(({ searches }) => searches > before.searches || isAnswered);
      await double.tell({ order: 'break-connections' });
      await until(async () => isAnswered || isStray());
      await double.tell({ order: 'clear-faults' });
      await sent;
    }
    await Promise.all(ledger.mutations.map(client.settle));
    expect(await findingsAtHome(home, ledger)).toEqual([]);
  });

  it('was the only thing that was wrong', async () => {
    const { ok = 0, UNAVAILABLE: _un, CREDENTIAL_UNAVAILABLE: _cred, ...others } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(ok).toBeGreaterThan(2 * ANSWERS);
    const messages = (await home.log()).map(({ msg }) => msg);
    expect(messages).not.toContain('an operation failed unexpectedly');
    expect(messages.filter((msg) => msg === 'listening')).toHaveLength(1);
  });
});
