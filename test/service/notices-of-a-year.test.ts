import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import { recheckSecrets } from '../../src/adapters/postgres/read-models/secret-presence.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { digestsOfReadModels, projectorClient, trusting } from '../support/read-models.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { command } from '../support/use-cases.ts';
import { NOTICES } from './operations.ts';

const MINUTE = 1 / 1440;
const DAY_MS = 86_400_000;
/** Later than the real year of any run, so that the chores of the running services have nothing to do. */
const BEGIN = Date.parse('2100-01-01T00:00:00.000Z');
const dayToMs = (day: number) => BEGIN + Math.round(day * DAY_MS);
const dayToInstant = (day: number) => new Date(dayToMs(day)).toISOString();

/** What happens in the year, and what people hear of it, with the day (and its minute). */
const STORY: Readonly<Record<string, { readonly doings: Readonly<Record<number, Doing>>; readonly heard: string[] }>> =
  {
    'left-alone': {
      doings: { 0: (on) => on.create({ expiresAt: 300 }) },
      heard: [
        '270 EXPIRING in 30 days',
        '286 EXPIRING in 14 days',
        '293 EXPIRING in 7 days',
        '297 EXPIRING in 3 days',
        '299 EXPIRING in 24 hours',
        '300 EXPIRED',
      ],
    },
    'rotated-in-time': {
      doings: { 0: (on) => on.create({ expiresAt: 100 }), 95: (on) => on.rotate({ expiresAt: 195 }) },
      heard: [
        ...['70 EXPIRING in 30 days', '86 EXPIRING in 14 days', '93 EXPIRING in 7 days', '95 ROTATED'],
        ...[
          '165 EXPIRING in 30 days',
          '181 EXPIRING in 14 days',
          '188 EXPIRING in 7 days',
          '192 EXPIRING in 3 days',
          '194 EXPIRING in 24 hours',
          '195 EXPIRED',
        ],
      ],
    },
    'another-date': {
      doings: { 0: (on) => on.create({ expiresAt: 60 }), 55: (on) => on.update({ expiresAt: 90 }) },
      heard: [
        ...['30 EXPIRING in 30 days', '46 EXPIRING in 14 days', '53 EXPIRING in 7 days'],
        ...[
          '60 EXPIRING in 30 days',
          '76 EXPIRING in 14 days',
          '83 EXPIRING in 7 days',
          '87 EXPIRING in 3 days',
          '89 EXPIRING in 24 hours',
          '90 EXPIRED',
        ],
      ],
    },
    'there-and-back': {
      doings: {
        0: (on) => on.create({ expiresAt: 60 }),
        40: (on) => on.update({ expiresAt: 65 }),
        41: (on) => on.update({ expiresAt: 60 }),
        58: (on) => on.delete(),
      },
      heard: [
        // Each date is announced as a new one: on day 41 that of day 60 too.
        ...['30 EXPIRING in 30 days', '40 EXPIRING in 25 days', '41 EXPIRING in 19 days'],
        ...['46 EXPIRING in 14 days', '53 EXPIRING in 7 days', '57 EXPIRING in 3 days', '58 DELETED'],
      ],
    },
    'there-and-back-unheard': {
      doings: {
        0: (on) => on.create({ expiresAt: 60 }),
        40: (on) => on.update({ expiresAt: 200 }),
        41: (on) => on.update({ expiresAt: 60 }),
        58: (on) => on.delete(),
      },
      heard: [
        // Of day 200 nobody heard; still, day 60 is a new expiry on day 41.
        ...['30 EXPIRING in 30 days', '41 EXPIRING in 19 days'],
        ...['46 EXPIRING in 14 days', '53 EXPIRING in 7 days', '57 EXPIRING in 3 days', '58 DELETED'],
      ],
    },
    'known-late': {
      doings: { 0: (on) => on.create({}), 100: (on) => on.update({ expiresAt: 105 }) },
      heard: ['100 EXPIRING in 5 days', '102 EXPIRING in 3 days', '104 EXPIRING in 24 hours', '105 EXPIRED'],
    },
    'an-hour': {
      doings: { 10: (on) => on.create({ expiresAt: 10 + 60 * MINUTE }), 11: (on) => on.delete() },
      heard: ['10:45 EXPIRING in 15 minutes', '10:54 EXPIRING in 6 minutes', '10:60 EXPIRED', '11 DELETED'],
    },
    'while-nothing-ran': {
      doings: { 0: (on) => on.create({ expiresAt: 229 }) },
      heard: ['199 EXPIRING in 30 days', '230 EXPIRED'],
    },
    overdue: {
      doings: { 0: (on) => on.create({ rotateEveryDays: 90 }), 120: (on) => on.rotate({}), 250: (on) => on.rotate({}) },
      heard: ['90 ROTATION_OVERDUE', '120 ROTATED', '210 ROTATION_OVERDUE', '250 ROTATED', '340 ROTATION_OVERDUE'],
    },
    'overdue-again': {
      doings: {
        0: (on) => on.create({ rotateEveryDays: 90 }),
        100: (on) => on.update({ rotateEveryDays: 200 }),
        101: (on) => on.update({ rotateEveryDays: 90 }),
        110: (on) => on.delete(),
      },
      heard: ['90 ROTATION_OVERDUE', '101 ROTATION_OVERDUE', '110 DELETED'],
    },
    deleted: {
      doings: { 0: (on) => on.create({ expiresAt: 50 }), 40: (on) => on.delete() },
      heard: ['20 EXPIRING in 30 days', '36 EXPIRING in 14 days', '40 DELETED'],
    },
    'deleted-and-created-again': {
      doings: {
        0: (on) => on.create({ expiresAt: 50 }),
        21: (on) => on.delete(),
        22: (on) => on.create({ expiresAt: 62 }),
        45: (on) => on.delete(),
      },
      heard: ['20 EXPIRING in 30 days', '21 DELETED', '32 EXPIRING in 30 days', '45 DELETED'],
    },
    minted: {
      doings: { 0: (on) => on.create({ mint: true }) },
      heard: [],
    },
    lost: {
      doings: { 0: (on) => on.create({}), 180: (on) => on.lose(), 185: (on) => on.rotate({}) },
      heard: ['180 NEEDS_CREDENTIAL', '185 ROTATED'],
    },
  };

/** Days on which no replica runs its chores. */
const ASLEEP = { from: 211, to: 230 };
const SECOND_REPLICA = 100;
const LEADER_STOPS = 150;
const RESTARTS = [70, 215, 300];

interface Details {
  readonly expiresAt?: number;
  readonly rotateEveryDays?: number;
  readonly mint?: boolean;
}
interface Hands {
  create(details: Details): Promise<unknown>;
  update(details: Details): Promise<unknown>;
  rotate(details: Details): Promise<unknown>;
  delete(): Promise<unknown>;
  lose(): Promise<unknown>;
}
type Doing = (on: Hands) => Promise<unknown>;

describe('a year of notices', () => {
  let dataDir: string;
  let purser: TestPurser;
  let services: TestPurser[];
  let replicas: Replica[];
  let day = 0;
  /** By all replicas. */
  let raised = 0;
  const now = () => dayToMs(day);

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'purser-year-'));
    purser = await startPurser({ environment: { PURSER_DATA_DIR: dataDir } });
    services = [purser];
    replicas = [await startReplica(purser, { now }), await startReplica(purser, { now })];
  });
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
    for (const service of services ?? []) await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const urlOf = (name: string) =>
    name === 'minted' ? '123456789012.dkr.ecr.eu-west-1.amazonaws.com' : `${name}.example`;

  function handsOn(name: string): Hands {
    const [replica] = replicas;
    if (!replica) throw new Error('there is no replica');
    const { application, context } = replica;
    const id = registryId('demo', urlOf(name));
    const expiry = ({ expiresAt }: Details) => (expiresAt === undefined ? {} : { expiresAt: dayToInstant(expiresAt) });
    const password = new Secret(canary('year'));
    return {
      create: ({ rotateEveryDays, mint, ...details }) =>
        application.createRegistry(
          context(),
          'demo',
          command.create({
            url: urlOf(name),
            password,
            ...expiry(details),
            rotateEveryDays,
            ...(mint && {
              username: 'AKIAIOSFODNN7EXAMPLE',
              mint: {
                kind: 'AMAZON_ECR',
                roleArn: null,
                externalId: null,
                tenantId: null,
                installationId: null,
                apiUrl: null,
              },
            }),
          }),
        ),
      update: ({ rotateEveryDays, ...details }) =>
        application.updateRegistry(context(), 'demo', id, command.update({ ...expiry(details), rotateEveryDays })),
      rotate: (details) =>
        application.rotateCredential(context(), 'demo', id, command.rotate({ password, ...expiry(details) })),
      delete: () =>
        application.deleteRegistry(context(), 'demo', id, {
          force: false,
          expectedRevision: undefined,
          idempotencyKey: undefined,
        }),
      // Behind the service's back, as a restore of an older vault would.
      lose: () =>
        withClient(purser.connectionString, async (client) => {
          await client.query(
            `update vault.secrets set state = 'destroyed'
             where secret_id = (select secret_id from read_models.registries where id = $1)`,
            [id],
          );
          await recheckSecrets(client);
        }),
    };
  }

  const projected = () =>
    until(() =>
      withClient(purser.connectionString, async (client) => {
        const { rows } = await client.query(
          'select h.position = c.position as done from log.head h, read_models.checkpoint c',
        );
        return rows[0].done;
      }),
    );

  /** Both replicas look at the same time. */
  async function round(): Promise<void> {
    const counts = await Promise.all(replicas.map((replica) => replica.scheduledNotices()));
    raised += counts.reduce((sum, count) => sum + count, 0);
  }

  async function happenings(): Promise<void> {
    if (day === SECOND_REPLICA) services.push(await startPurser({ replicaOf: purser }));
    if (day === LEADER_STOPS) await services.shift()?.stop();
    if (RESTARTS.includes(day)) {
      const [first] = replicas.splice(0, 1, await startReplica(purser, { now }));
      await first?.close();
    }
    const doings = Object.entries(STORY).flatMap(([name, { doings }]) => {
      const doing = doings[day];
      return doing ? [() => doing(handsOn(name))] : [];
    });
    for (const doing of doings) await doing();
    // Only then may the read models be behind: what is due follows from them.
    if (doings.length > 0) await projected();
  }

  const raisedInTheLog = () =>
    withClient(purser.connectionString, async (client) => {
      const text = `select count(*)::int as count from log.events where type = 'NoticeRaised'`;
      return (await client.query<{ count: number }>(text)).rows[0]?.count;
    });

  async function heard(): Promise<{ name: string; text: string; actor: string; kind: string }[]> {
    const nodes: {
      kind: string;
      url: string;
      occurredAt: string;
      expiresAt: string;
      actor: string;
      message: string;
    }[] = [];
    for (let after: string | null = null; ; ) {
      const { data } = await (services[0] as TestPurser).graphql(NOTICES, { first: 100, after });
      nodes.push(...data.rotationNotices.nodes);
      after = data.rotationNotices.pageInfo.endCursor;
      if (!data.rotationNotices.pageInfo.hasNextPage) break;
    }
    return nodes.reverse().map(({ kind, url, occurredAt, actor, message }) => {
      const name = Object.keys(STORY).find((one) => urlOf(one) === url) ?? url;
      const minutes = Math.round((Date.parse(occurredAt) - BEGIN) / 60_000);
      const when = minutes % 1440 === 0 ? `${minutes / 1440}` : `${Math.floor(minutes / 1440)}:${minutes % 1440}`;
      const left = /expires( in [^,]+)/.exec(message)?.[1] ?? '';
      return { name, text: `${when} ${kind}${left}`, actor, kind };
    });
  }

  it('gives each notice exactly once, on its day, with restarts and a second replica in between', async () => {
    const days = [
      ...Array.from({ length: 731 }, (_, half) => half / 2),
      ...Array.from({ length: 30 }, (_, step) => 10 + (step + 1) * 3 * MINUTE),
    ].sort((a, b) => a - b);
    for (const next of days) {
      day = next;
      await happenings();
      if (day >= ASLEEP.from && day < ASLEEP.to) continue;
      await round();
      if (day % 50 === 0) await round();
    }
    await projected();

    const notices = await heard();
    for (const [name, { heard: expected }] of Object.entries(STORY)) {
      expect([name, notices.filter((notice) => notice.name === name).map(({ text }) => text)]).toEqual([
        name,
        expected,
      ]);
    }
    const scheduled = notices.filter(({ kind }) => kind !== 'ROTATED' && kind !== 'DELETED');
    expect(new Set(scheduled.map(({ actor }) => actor))).toEqual(new Set(['system:purser']));
    // Both replicas raised most of them; by the equal ids the log has each once.
    expect(await raisedInTheLog()).toBe(scheduled.length);
    expect(raised).toBeGreaterThan(scheduled.length);
  });

  it('is the same from a rebuild', async () => {
    const before = await digestsOfReadModels(purser.connectionString);
    const log = createPostgresEventLog({ connectionString: purser.connectionString, logger: SILENT });
    try {
      await rebuildReadModels({
        log,
        authenticator: trusting,
        connect: (options) => projectorClient(purser.connectionString, options),
      });
      const after = await digestsOfReadModels(purser.connectionString);
      expect(after).toEqual(before);
    } finally {
      await log.close();
    }
  });
});
