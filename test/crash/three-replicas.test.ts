import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client as Database } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { runProgram } from '../../src/cli/program.ts';
import { openEventLog } from '../../src/composition/event-store.ts';
import { readConfig } from '../../src/config/config.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { NOTICES } from '../service/operations.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';
import { embeddedPrograms } from '../support/postgres-versions.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { differingTables, digestsOfReadModels, projected } from '../support/read-models.ts';
import { rounds } from '../support/rounds.ts';
import { findingsIn, leaseCount } from './findings.ts';
import { createLedger, type Ledger, PROJECTS, SUBJECT } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { followNotices, type NoticeFollower } from './notice-follower.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/** With either store. A cycle takes some 12 s, and the last one is not cut off. */
const LOAD_MS = rounds({ usual: 1, torture: 300_000 });
/** On a slow machine too: each replica is killed and frozen five times. */
const FEWEST_CYCLES = rounds({ usual: 1, torture: 15 });
const REPLICAS = 3;
/** A client goes to another replica if one does not answer: it may be frozen. */
const ANSWER_WITHIN_MS = 3_000;
/** For reading back hundreds of registries at the same time. */
const PATIENT_MS = 60_000;
/** Longer than the lease of the leader. */
const FROZEN_MS = 4_500;
const BETWEEN_MS = 1_500;

/** `prefix`: of the streams in the protocol double; undefined if the events are in Postgres. */
describe.each([
  { store: 'Postgres', prefix: undefined },
  { store: 'the protocol double', prefix: 'three' },
])('three replicas behind nothing but their ports, with the events in $store', ({ prefix }) => {
  let server: PostgresServer;
  let double: ProtocolDouble | undefined;
  let environment: Readonly<Record<string, string>>;
  let replicas: PurserHome[];
  let ledger: Ledger;
  let client: Client;
  let patient: Client;
  let followers: NoticeFollower[];
  let cycles = 0;
  let turn = 0;
  function next(): string {
    turn += 1;
    return replicas[turn % REPLICAS]?.url ?? '';
  }

  beforeAll(async () => {
    server = await startPostgresServer({ programs: await embeddedPrograms() });
    double = prefix === undefined ? undefined : await startProtocolDouble({ kept: true });
    environment = {
      DATABASE_URL: server.connectionString,
      CALLER_ISSUES_PER_MINUTE: '0',
      EVENT_STORE_URL: double?.url() ?? 'postgres',
      ...(prefix === undefined ? {} : { EVENT_STORE_PREFIX: prefix }),
    };
    const first = await createPurserHome(environment);
    await first.start();
    const keys = { JWT_ISSUERS: first.issuer.jwtIssuers, MASTER_KEY_FILE: join(first.dataDir, 'master-key') };
    const others = await Promise.all(
      Array.from({ length: REPLICAS - 1 }, () => createPurserHome({ ...environment, ...keys })),
    );
    replicas = [first, ...others];
    for (const replica of others) await replica.start();
    ledger = createLedger(first.issuer.issuerConfig.issuer);
    const { issuer } = first;
    const anywhere = {
      issuer,
      get url() {
        return next();
      },
      async requireRunning() {
        for (const replica of replicas) await replica.requireRunning();
      },
    };
    client = createClient(anywhere, { answerWithinMs: ANSWER_WITHIN_MS });
    patient = createClient(anywhere, { answerWithinMs: PATIENT_MS });
    followers = await Promise.all([...PROJECTS, ...PROJECTS].map(follower));
    await client.settle(ledger.create());
  });
  afterAll(async () => {
    for (const each of followers ?? []) await each.stop();
    for (const replica of replicas ?? []) {
      replica.signal('SIGCONT');
      await replica.remove();
    }
    await double?.close();
    await server?.stop();
  });

  const token = () => {
    const projects = Object.fromEntries(PROJECTS.map((project) => [project, Object.values(PERMISSIONS)]));
    return replicas[0]?.issuer.token({ subject: SUBJECT, projects }) ?? '';
  };

  async function follower(projectId: string): Promise<NoticeFollower> {
    const { data } = await ask(next(), NOTICES, { projectId }, token());
    return followNotices({ nextUrl: next, token: token(), projectId, after: data.rotationNotices.latestCursor });
  }

  /** The cursors of all notices of a project, oldest first. */
  async function allNotices(projectId: string): Promise<string[]> {
    const cursors: string[] = [];
    for (let after: string | null = null; ; ) {
      const { data } = await ask(next(), NOTICES, { projectId, first: 100, after }, token());
      const { nodes, pageInfo } = data.rotationNotices;
      cursors.push(...nodes.map(({ cursor }: { cursor: string }) => cursor));
      if (!pageInfo.hasNextPage) return cursors.reverse();
      after = pageInfo.endCursor;
    }
  }

  async function withLog<Result>(use: (log: EventLog, database: Database) => Promise<Result>): Promise<Result> {
    const session = { connectionString: server.connectionString, name: 'crash test' };
    const database = await openSession(session, () => undefined);
    const log = openEventLog(readConfig(environment).eventStore, session, SILENT);
    try {
      return await use(log, database);
    } finally {
      await log.close();
      await database.end();
    }
  }

  const findings = () => withLog((log, database) => findingsIn(database, ledger, log));

  /** Resolves when the read models have passed everything that is in the log now. */
  const passed = () => withLog((log) => projected(log, server.connectionString));

  async function trouble(cycle: number): Promise<void> {
    const [killed, frozen] = [replicas[cycle % REPLICAS], replicas[(cycle + 1) % REPLICAS]];
    await delay(BETWEEN_MS * Math.random());
    await killed?.kill('SIGKILL');
    await killed?.start();
    frozen?.signal('SIGSTOP');
    await delay(FROZEN_MS);
    frozen?.signal('SIGCONT');
    await delay(BETWEEN_MS * Math.random());
    await server.restart();
    await delay(BETWEEN_MS);
    await double?.restart();
    if (double) await delay(BETWEEN_MS);
  }

  it(
    'lose nothing and double nothing while one is killed, one frozen and Postgres restarted, again and again',
    async () => {
      const load = startLoad(ledger, client);
      const until = performance.now() + LOAD_MS;
      for (; performance.now() < until || cycles < FEWEST_CYCLES; cycles += 1) await trouble(cycles);
      await load.stop();
      const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
      await Promise.all(unresolved.map(client.settle));

      expect(ledger.mutations.length).toBeGreaterThan(cycles * 50);
      expect(leaseCount(ledger)).toBeGreaterThan(cycles * 10);
      await passed();
      expect(await findings()).toEqual([]);
      expect(await readBackFaults(patient, ledger)).toEqual([]);
      expect(await repeatFaults(patient, ledger.mutations.slice(-40))).toEqual([]);
    },
    rounds({ usual: 120_000, torture: 900_000 }),
  );

  it('tell each subscriber each notice once, in order, wherever it reconnects', async () => {
    for (const [index, each] of followers.entries()) {
      const all = await allNotices(PROJECTS[index % PROJECTS.length] ?? '');
      await expect.poll(() => each.cursors.length).toBeGreaterThanOrEqual(all.length);
      expect(each.cursors).toEqual(all);
      expect(all.length).toBeGreaterThan(cycles * 5);
    }
    expect(followers.some(({ connections }) => connections > 1)).toBe(true);
  });

  it('have read models that are those of a rebuild, and start again without a word', async () => {
    for (const each of followers) await each.stop();
    await passed();
    const { checkpoint: _before, ...before } = await digestsOfReadModels(server.connectionString);
    const [first] = replicas;
    for (const replica of replicas) await replica.kill('SIGTERM');
    const settings = { ...environment, PURSER_DATA_DIR: first?.dataDir ?? '', LOG_LEVEL: 'error' };
    const said: string[] = [];
    const output = { write: (text: string) => said.push(text) };
    expect(await runProgram(['rebuild'], settings, { stdout: output, stderr: output })).toBe(0);
    const { checkpoint: _after, ...after } = await digestsOfReadModels(server.connectionString);
    expect(differingTables(before, after)).toEqual([]);
    for (const replica of replicas) await replica.start();
  });

  it('answered nothing vaguer than UNAVAILABLE meanwhile, and logged no unexpected fault', async () => {
    const {
      ok = 0,
      UNAVAILABLE: _un,
      CREDENTIAL_UNAVAILABLE: _cred,
      lost: _lost,
      hung: _hung,
      stopping: _stop,
      ...others
    } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(ok).toBeGreaterThan(cycles * 50);
    for (const replica of replicas) {
      const messages = (await replica.log()).map(({ msg }) => msg);
      expect(messages).not.toContain('an operation failed unexpectedly');
    }
  });
});
