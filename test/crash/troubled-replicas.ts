import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client as Database } from 'pg';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { openEventLog } from '../../src/composition/event-store.ts';
import { readConfig } from '../../src/config/config.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { NOTICES } from '../service/operations.ts';
import { startPostgresServer } from '../support/postgres-server.ts';
import { embeddedPrograms } from '../support/postgres-versions.ts';
import { startProtocolDouble } from '../support/protocol-double/start.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { projected } from '../support/read-models.ts';
import { findingsIn } from './findings.ts';
import { createLedger, type Ledger, PROJECTS, SUBJECT } from './ledger.ts';
import { type Client, createClient } from './load.ts';
import { followNotices, type NoticeFollower } from './notice-follower.ts';

const REPLICAS = 3;
/** A client goes to another replica if one does not answer: it may be frozen. */
const ANSWER_WITHIN_MS = 3_000;
/** For reading back hundreds of registries at the same time. */
const PATIENT_MS = 60_000;
/** Longer than the lease of the leader. */
const FROZEN_MS = 4_500;
const BETWEEN_MS = 1_500;

/** Three replicas behind nothing but their ports, on stores of their own, with clients that go to any of them. */
export interface TroubledReplicas {
  readonly replicas: readonly PurserHome[];
  /** What they are told of their stores. */
  readonly environment: Readonly<Record<string, string>>;
  readonly connectionString: string;
  readonly ledger: Ledger;
  readonly client: Client;
  /** Waits longer for an answer. */
  readonly patient: Client;
  readonly followers: readonly NoticeFollower[];
  /** One is killed and started again, one freezes, Postgres is restarted, and the protocol double too. Each cycle it is others' turn. */
  trouble(cycle: number): Promise<void>;
  /** Resolves when the read models have passed everything that is in the log now. */
  projected(): Promise<void>;
  findings(): Promise<string[]>;
  /** The cursors of all notices of a project, oldest first. */
  allNotices(projectId: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** `prefix`: of the streams in a protocol double; undefined if the events are in Postgres. */
export async function startTroubledReplicas(prefix: string | undefined): Promise<TroubledReplicas> {
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<TroubledReplicas> {
    const server = await startPostgresServer({ programs: await embeddedPrograms() });
    closing.push(server.stop);
    const double = prefix === undefined ? undefined : await startProtocolDouble({ kept: true });
    if (double) closing.push(double.close);
    const { connectionString } = server;
    const environment = {
      DATABASE_URL: connectionString,
      CALLER_ISSUES_PER_MINUTE: '0',
      EVENT_STORE_URL: double?.url() ?? 'postgres',
      ...(prefix === undefined ? {} : { EVENT_STORE_PREFIX: prefix }),
    };
    const first = await started(environment);
    const keys = { JWT_ISSUERS: first.issuer.jwtIssuers, MASTER_KEY_FILE: join(first.dataDir, 'master-key') };
    const replicas = [first];
    while (replicas.length < REPLICAS) replicas.push(await started({ ...environment, ...keys }));

    let turn = 0;
    function next(): string {
      turn += 1;
      return replicas[turn % REPLICAS]?.url ?? '';
    }
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
    const ledger = createLedger(issuer.issuerConfig.issuer);
    const client = createClient(anywhere, { answerWithinMs: ANSWER_WITHIN_MS });
    const patient = createClient(anywhere, { answerWithinMs: PATIENT_MS });

    const token = () => {
      const projects = Object.fromEntries(PROJECTS.map((project) => [project, Object.values(PERMISSIONS)]));
      return issuer.token({ subject: SUBJECT, projects });
    };
    async function follower(projectId: string): Promise<NoticeFollower> {
      const { data } = await ask(next(), NOTICES, { projectId }, token());
      const after = data.rotationNotices.latestCursor;
      const following = followNotices({ nextUrl: next, token: token(), projectId, after });
      closing.push(following.stop);
      return following;
    }
    const followers = await Promise.all([...PROJECTS, ...PROJECTS].map(follower));
    await client.settle(ledger.create());

    async function withLog<Result>(use: (log: EventLog, database: Database) => Promise<Result>): Promise<Result> {
      const session = { connectionString, name: 'crash test' };
      const database = await openSession(session, () => undefined);
      const log = openEventLog(readConfig(environment).eventStore, session, SILENT);
      try {
        return await use(log, database);
      } finally {
        await log.close();
        await database.end();
      }
    }

    return {
      replicas,
      environment,
      connectionString,
      ledger,
      client,
      patient,
      followers,
      stop,
      projected: () => withLog((log) => projected(log, connectionString)),
      findings: () => withLog((log, database) => findingsIn(database, ledger, log)),

      async trouble(cycle) {
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
      },

      async allNotices(projectId) {
        const cursors: string[] = [];
        for (let after: string | null = null; ; ) {
          const { data } = await ask(next(), NOTICES, { projectId, first: 100, after }, token());
          const { nodes, pageInfo } = data.rotationNotices;
          cursors.push(...nodes.map(({ cursor }: { cursor: string }) => cursor));
          if (!pageInfo.hasNextPage) return cursors.reverse();
          after = pageInfo.endCursor;
        }
      },
    };
  }

  async function started(settings: Readonly<Record<string, string>>): Promise<PurserHome> {
    const home = await createPurserHome(settings);
    closing.push(async () => {
      home.signal('SIGCONT');
      await home.remove();
    });
    await home.start();
    return home;
  }
}
