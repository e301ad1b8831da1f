import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import { recheckSecrets } from '../../src/adapters/postgres/read-models/secret-presence.ts';
import { MintingFailed } from '../../src/application/ports/password-minter.ts';
import type { ProbeReport } from '../../src/application/ports/registry-probe.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { LOGGED_IN } from '../support/probe-reports.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../support/read-models.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { command } from '../support/use-cases.ts';
import { NOTICES } from './operations.ts';
import { BEGIN, type Hands, MINUTE, STORY } from './year-of-notices.ts';

const DAY_MS = 86_400_000;
const dayToMs = (day: number) => BEGIN + Math.round(day * DAY_MS);
const dayToInstant = (day: number) => new Date(dayToMs(day)).toISOString();

/** Between two checks of one registry. */
const CHECK_EVERY_MS = 30 * DAY_MS;
const REFUSED: ProbeReport = { ...LOGGED_IN, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' };
const ANY_REVISION = { expectedRevision: undefined, idempotencyKey: undefined };

/** Days on which no replica runs its chores. */
const ASLEEP = { from: 211, to: 230 };
const SECOND_REPLICA = 100;
const LEADER_STOPS = 150;
const RESTARTS = [70, 215, 300];
const REBUILDS = [89, 212, 330];
/** Of what a person does. All others are the service's. */
const BY_PEOPLE = ['ROTATED', 'STAGED', 'ABANDONED', 'DELETED'];
/** For which time, or a look into the vault, gives cause. */
const BY_TIME = ['EXPIRING', 'EXPIRED', 'ROTATION_OVERDUE', 'NEEDS_CREDENTIAL'];

type YearReplica = Replica & { readonly check: () => Promise<number> };

describe('a year of notices', () => {
  let dataDir: string;
  let purser: TestPurser;
  let services: TestPurser[];
  let replicas: YearReplica[];
  let day = 0;
  /** By all replicas. */
  let raised = 0;
  const now = () => dayToMs(day);
  /** URLs of registries that refuse logins, or whose cloud does. */
  const refusing = new Set<string>();

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'purser-year-'));
    purser = await startPurser({ environment: { PURSER_DATA_DIR: dataDir } });
    services = [purser];
    replicas = [await startYearReplica(), await startYearReplica()];
  });
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
    for (const service of services ?? []) await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const urlOf = (name: string) =>
    name === 'minted' ? '123456789012.dkr.ecr.eu-west-1.amazonaws.com' : `${name}.example`;

  async function startYearReplica(): Promise<YearReplica> {
    const replica = await startReplica(purser, {
      now,
      limiter: { take: async () => 0 },
      probe: {
        probe: async ({ url, repository }) => ({ ...(refusing.has(url) ? REFUSED : LOGGED_IN), repository }),
      },
      minter: {
        async mint({ url }) {
          if (refusing.has(url)) throw new MintingFailed('CREDENTIAL_REFUSED');
          const times = { issuedAt: dayToInstant(day), expiresAt: dayToInstant(day + 60 * MINUTE) };
          return { username: 'AWS', password: new Secret(canary('minted')), ...times };
        },
      },
    });
    return { ...replica, check: replica.scheduledChecks(CHECK_EVERY_MS) };
  }

  function handsOn(name: string): Hands {
    const [replica] = replicas;
    if (!replica) throw new Error('there is no replica');
    const { application, context } = replica;
    const id = registryId('demo', urlOf(name));
    const expiry = ({ expiresAt }: { readonly expiresAt?: number }) =>
      expiresAt === undefined ? {} : { expiresAt: dayToInstant(expiresAt) };
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
      stage: (details) =>
        application.stageCredential(context(), 'demo', id, {
          password,
          expiresAt: undefined,
          ...expiry(details),
          username: undefined,
          mint: undefined,
          ...ANY_REVISION,
        }),
      activate: (version, { graceHours }) =>
        application.activateCredential(context(), 'demo', id, {
          version,
          verify: false,
          graceMinutes: graceHours * 60,
          ...ANY_REVISION,
        }),
      abandon: (version) => application.abandonStagedCredential(context(), 'demo', id, { version, ...ANY_REVISION }),
      issue: ({ hours }) =>
        application.issueCredential(
          context(),
          'demo',
          command.issue({ image: `${urlOf(name)}/app`, ttlSeconds: hours * 3600 }),
        ),
      test: () => application.testRegistry(context(), 'demo', id, null),
      refuse: async () => refusing.add(urlOf(name)),
      accept: async () => refusing.delete(urlOf(name)),
      delete: () =>
        application.deleteRegistry(context(), 'demo', id, {
          force: false,
          ...ANY_REVISION,
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
    const counts = await Promise.all(
      replicas.map(async ({ scheduledNotices, check, retire }) => {
        const raisedByOne = await scheduledNotices();
        return { raisedByOne, others: (await check()) + (await retire()) };
      }),
    );
    raised += counts.reduce((sum, { raisedByOne }) => sum + raisedByOne, 0);
    if (counts.some(({ others }) => others > 0)) await projected();
  }

  async function rebuild(): Promise<void> {
    const log = createPostgresEventLog({ connectionString: purser.connectionString, logger: SILENT });
    try {
      await rebuildReadModels({
        log,
        authenticator: trusting,
        connect: (options) => projectorClient(purser.connectionString, options),
      });
    } finally {
      await log.close();
    }
  }

  async function happenings(): Promise<void> {
    if (day === SECOND_REPLICA) services.push(await startPurser({ replicaOf: purser }));
    if (day === LEADER_STOPS) await services.shift()?.stop();
    if (RESTARTS.includes(day)) {
      const [first] = replicas.splice(0, 1, await startYearReplica());
      await first?.close();
    }
    if (REBUILDS.includes(day)) await rebuild();
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

  async function kindsOfTheApi(): Promise<Set<string>> {
    const text = '{ __type(name: "RotationNoticeKind") { enumValues { name } } }';
    const { data } = await (services[0] as TestPurser).graphql(text);
    return new Set(data.__type.enumValues.map(({ name }: { name: string }) => name));
  }

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
    const textsOf = (name: string) => notices.filter((notice) => notice.name === name).map(({ text }) => text);
    expect(Object.keys(STORY).map((name) => [name, textsOf(name)])).toEqual(
      Object.entries(STORY).map(([name, { heard: expected }]) => [name, expected]),
    );
    expect(new Set(notices.map(({ kind }) => kind))).toEqual(await kindsOfTheApi());
    const actorsOf = (of: (kind: string) => boolean) =>
      new Set(notices.filter(({ kind }) => of(kind)).map(({ actor }) => actor));
    expect(actorsOf((kind) => BY_TIME.includes(kind) || kind === 'AUTHENTICATION_FAILED')).toEqual(
      new Set(['system:purser']),
    );
    expect(actorsOf((kind) => BY_PEOPLE.includes(kind))).toEqual(new Set(['alice']));
    // Both replicas raised most of them; by the equal ids the log has each once.
    const byTime = notices.filter(({ kind }) => BY_TIME.includes(kind));
    expect(await raisedInTheLog()).toBe(byTime.length);
    expect(raised).toBeGreaterThan(byTime.length);
  });

  it('is the same from a rebuild', async () => {
    const before = await digestsOfReadModels(purser.connectionString);
    await rebuild();
    expect(differingTables(before, await digestsOfReadModels(purser.connectionString))).toEqual([]);
  });
});
