import type { IssuedCredential } from '../../src/application/lease/issued-credential.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from './canary.ts';
import { startPurser, type TestPurser } from './purser.ts';
import { withClient } from './server-databases.ts';
import { type Run, runOn, signHeads } from './signed-log.ts';
import { until } from './until.ts';

const DAY_MS = 86_400_000;

export interface Asked {
  readonly runId?: string;
  readonly idempotencyKey?: string;
}

/** A service whose log has leases of weeks ago. */
export interface OldLeases {
  readonly purser: TestPurser;
  readonly replica: Replica;
  /** As so many days ago, until it is called again. */
  goTo(daysAgo: number): void;
  daysAgo(days: number): string;
  issue(asked?: Asked): Promise<IssuedCredential>;
  release(leaseId: string): Promise<unknown>;
  /** An ask that is denied, and recorded in the stream of the project's attempts. */
  beDenied(): Promise<void>;
  /** Waits until the read models have all events, and signs their audit log. @returns the public key */
  settle(): Promise<string>;
  run(...argv: readonly string[]): Promise<Run>;
  /** Archives what is older than so many days, 30 by default. */
  archive(folder: string, days?: number): Promise<Run>;
  sql<Row>(text: string): Promise<Row[]>;
  /** The names of the streams that the log still has, by what they begin with. */
  streams(kind: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** With a registry of 60 days ago. `started`: a service without events. */
export async function startOldLeases(started?: TestPurser, url = 'ghcr.io'): Promise<OldLeases> {
  const purser = started ?? (await startPurser());
  let ahead = -60 * DAY_MS;
  const replica = await startReplica(purser, { now: () => Date.now() + ahead });
  const { application, context } = replica;
  const password = new Secret(canary('old-leases'));
  const none = undefined;
  const details = { name: none, description: none, email: none, access: none, provider: none, rotateEveryDays: none };
  await application.createRegistry(context(), 'demo', {
    ...details,
    url,
    username: 'ada',
    password,
    mint: none,
    caCertificate: none,
    authRealmHost: none,
    expiresAt: none,
    verify: false,
    idempotencyKey: none,
  });
  const sql = <Row>(text: string) =>
    withClient(purser.connectionString, async (client) => (await client.query(text)).rows as Row[]);
  const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
  const issue = (image: string, { runId, idempotencyKey }: Asked) =>
    application.issueCredential(context(), 'demo', {
      image,
      purpose: 'PULL',
      pipeline: 'build',
      runId,
      ttlSeconds: 3600,
      form: 'PASSWORD',
      idempotencyKey,
    });

  return {
    purser,
    replica,
    goTo(days) {
      ahead = -days * DAY_MS;
    },
    daysAgo,
    issue: (asked = {}) => issue(`${url}/ada/app`, asked),
    release: (leaseId) => application.releaseLease(context(), 'demo', leaseId),
    async beDenied() {
      await issue('unknown.example/app', {}).then(
        () => Promise.reject(new Error('the registry is not there')),
        () => undefined,
      );
    },
    async settle() {
      const behind = 'select from read_models.checkpoint c join log.head h on c.position = h.position';
      await until(async () => (await sql(behind)).length === 1);
      return signHeads(purser);
    },
    run: (...argv) => runOn(purser, {}, ...argv),
    archive: (folder, days = 30) => runOn(purser, {}, 'archive', folder, '--events', '--before', daysAgo(days)),
    sql,
    async streams(kind) {
      const rows = await sql<{ stream: string }>(`select distinct stream from log.events order by 1`);
      return rows.map(({ stream }) => stream).filter((stream) => stream.startsWith(kind));
    },
    async stop() {
      await replica.close();
      await purser.stop();
    },
  };
}
