import { randomUUID } from 'node:crypto';
import type { BackgroundWork } from '../../src/application/background-work.ts';
import {
  type Application,
  createApplication,
  type RunningApplication,
} from '../../src/application/create-application.ts';
import { createAggregateStore } from '../../src/application/log/aggregate-store.ts';
import type { EventWriter } from '../../src/application/log/event-writer.ts';
import { AuthenticationFailed } from '../../src/application/ports/authenticator.ts';
import type { EventLog, Position, RecordedEvent } from '../../src/application/ports/event-log.ts';
import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../src/application/ports/password-minter.ts';
import type { ProjectionProgress, RegistryQueries } from '../../src/application/ports/read-models.ts';
import type { ProbeReport, ProbeRequest } from '../../src/application/ports/registry-probe.ts';
import { RegistryTokenRefused, type RegistryTokenRequest } from '../../src/application/ports/registry-token-server.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { decodeEvent } from '../../src/domain/event-codec.ts';
import type { RegistryTested } from '../../src/domain/events.ts';
import { healthStream } from '../../src/domain/identity.ts';
import { noticeOfTest, toldOfTest } from '../../src/domain/notices.ts';
import type { Principal } from '../../src/domain/permissions.ts';
import type { TokenFault } from '../../src/domain/registry-token.ts';
import { registryView } from '../../src/domain/registry-view.ts';
import { Secret } from '../../src/domain/secret.ts';
import { NOTHING_TOLD } from '../../src/domain/told.ts';
import { someAuthenticator } from './event-authenticator.ts';
import { leaseQueriesOf } from './lease-queries-double.ts';
import { createMemoryEventStore } from './memory-event-log.ts';
import { createMemorySnapshots, type MemorySnapshots } from './memory-snapshots.ts';
import { createMemoryVault, type SecretState } from './memory-vault.ts';
import { LOGGED_IN } from './probe-reports.ts';

export const PROJECT = 'demo';
const MINTED_LIFE_MS = 3_600_000;
const TOKEN_LIFE_MS = 300_000;

/** The ports of the use cases, in memory and scripted. */
export interface World {
  /** Of the first replica. */
  readonly application: Application;
  /** The same, with what chores use. */
  readonly running: RunningApplication;
  /** Another replica on the same log and vault; `log` comes between it and the log. */
  replica(log?: (log: EventLog) => EventLog): Application;
  /** Of the first replica. */
  readonly writer: EventWriter;
  /** Of all replicas. Tests may change them. */
  readonly snapshots: MemorySnapshots['all'];
  readonly events: readonly RecordedEvent[];
  /** Of one type, oldest first. */
  eventsOf(type: string): RecordedEvent[];
  /** States of the secrets, in the order in which they were sealed. */
  secretStates(): SecretState[];
  /** Those of a version, behind the service's back. */
  loseSecrets(version: number): void;
  /** The turns at reports and confirmations that were taken: each is given once. */
  readonly spentTurns: Set<string>;
  readonly probed: ProbeRequest[];
  readonly minted: MintRequest[];
  readonly tokenRequests: RegistryTokenRequest[];
  readonly faults: unknown[];
  /** When what requests started and did not wait for is done, on all replicas. */
  settled(): Promise<void>;
  /** Registries whose active leases were counted. */
  readonly countedLeases: string[];
  /** What every probe waits for from now on. */
  whileProbing: () => Promise<void>;
  /** Issuers whose tokens trust rules grant permissions to. */
  readonly ruleIssuers: Set<string>;
  /** What a token says that somebody asks about. */
  tokens: (token: string) => Principal;
  /** Milliseconds since 1970. */
  now: number;
  /** How far the database's clock is ahead of the replicas'. */
  databaseAheadMs: number;
  probe: Partial<ProbeReport>;
  /** Where tests of several credentials differ. */
  probeOf: (request: ProbeRequest) => Partial<ProbeReport>;
  cloud: 'well' | MintingFault;
  /** What every request for a registry token waits for from now on. */
  whileMakingToken: () => Promise<void>;
  /** Null: registries make tokens. */
  tokenFault: TokenFault | null;
  /** How many tests are left to the project. */
  testTurns: number;
}

/** Of a confirming login that shows nothing. */
export const RETRIES = 5;

export function aCaller(subject = 'alice'): RequestContext {
  return {
    principal: {
      subject,
      issuer: 'https://issuer.example',
      tokenId: null,
      issuedAt: 0,
      expiresAt: Number.MAX_SAFE_INTEGER,
      grants: new Map(),
    },
    ipAddress: '192.0.2.7',
    userAgent: null,
    requestId: randomUUID(),
    startedAt: performance.now(),
  };
}

export function createWorld(): World {
  const store = createMemoryEventStore();
  const authenticator = someAuthenticator();
  const { vault, secrets } = createMemoryVault();
  const minted = new Map<string, MintedPassword>();
  const countedLeases: string[] = [];
  const queries = queriesOf(store.open(), store.events, countedLeases, () => world.now);

  const snapshots = createMemorySnapshots();
  const backgrounds: Pick<BackgroundWork, 'settled'>[] = [];
  const spentTurns = new Set<string>();
  const retried: string[] = [];
  const ruleIssuers = new Set<string>();
  const once = {
    async take(key: string, taker: string) {
      const turn = `${key} ${taker}`;
      return spentTurns.has(turn) ? 600 : Number(!spentTurns.add(turn));
    },
    async giveBack(key: string, taker: string) {
      spentTurns.delete(`${key} ${taker}`);
    },
  };

  function run(between: (log: EventLog) => EventLog = (log) => log): RunningApplication {
    const running = createApplication({
      log: between(store.open()),
      snapshotStore: snapshots,
      authenticator,
      tokens: { examine: async (token) => world.tokens(token) },
      ruleIssuers,
      vault,
      progress: UP_TO_DATE,
      ...queries,
      archivedLeases: { find: async () => undefined },
      probe: {
        async probe(request) {
          world.probed.push(request);
          await world.whileProbing();
          return { ...LOGGED_IN, repository: request.repository, ...world.probe, ...world.probeOf(request) };
        },
      },
      minter: {
        async mint(request) {
          world.minted.push(request);
          if (world.cloud !== 'well') throw new MintingFailed(world.cloud);
          return {
            username: 'minted',
            password: new Secret(`minted ${world.minted.length}`),
            issuedAt: new Date(world.now).toISOString(),
            expiresAt: new Date(world.now + MINTED_LIFE_MS).toISOString(),
          };
        },
      },
      tokenServer: {
        async makeToken(request) {
          world.tokenRequests.push(request);
          await world.whileMakingToken();
          if (world.tokenFault !== null) throw new RegistryTokenRefused(world.tokenFault);
          const expiresAt = new Date(world.now + TOKEN_LIFE_MS).toISOString();
          return { token: new Secret(`token ${world.tokenRequests.length}`), expiresAt };
        },
      },
      mintedPasswords: {
        find: async (key) => minted.get(JSON.stringify(key)),
        async keep(key, password) {
          if (secrets.get(key.sourceSecretId)?.state === 'destroyed') return false;
          minted.set(JSON.stringify(key), password);
          return true;
        },
      },
      calendar: { feeds: async () => [], entries: async () => [] },
      limiter: { take: async () => (world.testTurns-- > 0 ? 0 : 30) },
      webhooks: [],
      replays: { find: async () => undefined, replay: async () => undefined },
      reports: once,
      confirmations: once,
      retries: { take: async (key) => Number(retried.push(key) > RETRIES) },
      issuesPerMinute: 0,
      metrics: { attemptDenied: () => undefined, queryAdmitted: () => undefined },
      plainHttpHosts: new Set(),
      now: () => world.now,
      sharedNow: async () => world.now + world.databaseAheadMs,
      onFault: (error) => world.faults.push(error),
    });
    backgrounds.push(running.background);
    return running;
  }

  const running = run();
  const { application, writer } = running;
  const world: World = {
    application,
    running,
    writer,
    snapshots: snapshots.all,
    replica: (between) => run(between).application,
    events: store.events,
    eventsOf: (type) => store.events.filter((event) => event.type === type),
    secretStates: () => [...secrets.values()].map(({ state }) => state),
    loseSecrets(version) {
      for (const one of secrets.values()) if (one.binding.credentialVersion === version) one.state = 'destroyed';
    },
    spentTurns,
    probed: [],
    minted: [],
    tokenRequests: [],
    whileMakingToken: async () => undefined,
    tokenFault: null,
    async settled() {
      for (const background of backgrounds) await background.settled(10_000);
    },
    faults: [],
    countedLeases,
    whileProbing: async () => undefined,
    ruleIssuers,
    tokens: () => {
      throw new AuthenticationFailed('malformed');
    },
    now: Date.parse('2026-03-01T12:00:00.000Z'),
    databaseAheadMs: 0,
    probe: {},
    probeOf: () => ({}),
    cloud: 'well',
    testTurns: Number.POSITIVE_INFINITY,
  };
  return world;
}

/** Further than any event. */
const EVERYTHING = BigInt(Number.MAX_SAFE_INTEGER) as Position;
const UP_TO_DATE: ProjectionProgress = {
  position: EVERYTHING,
  stalledMs: 0,
  refresh: async () => EVERYTHING,
  waitFor: async () => true,
};

/** Answers from the log itself, which is never behind. */
function queriesOf(log: EventLog, events: readonly RecordedEvent[], countedLeases: string[], now: () => number) {
  const aggregates = createAggregateStore(log);
  const registries: Pick<RegistryQueries, 'byId' | 'tellingRepository' | 'refusalTold'> = {
    tellingRepository: async () => null,
    async refusalTold(projectId, id) {
      const { state } = await aggregates.loadRegistry(projectId, id);
      if (state.phase !== 'live') return null;
      const tests = events.filter(({ stream }) => stream === healthStream(projectId, id)).map(decodeEvent);
      return tests.reduce((told, event) => {
        if (event.type !== 'RegistryTested') return told;
        return toldOfTest(told, noticeOfTest(state, told, event), event.data.credentialVersion);
      }, NOTHING_TOLD).refused;
    },
    async byId(projectId, id) {
      const { state, revision } = await aggregates.loadRegistry(projectId, id);
      if (state.phase !== 'live') return undefined;
      const last = events.findLast(({ stream }) => stream === healthStream(projectId, id));
      const tested = last?.data as RegistryTested['data'] | undefined;
      const health =
        last && tested?.credentialVersion === state.credential.version
          ? { ...tested, testedAt: last.occurredAt }
          : null;
      return registryView(state, Number(revision), { health, stagedHealth: null, present: true });
    },
  };
  return { registries, leases: leaseQueriesOf(aggregates, events, countedLeases, now) };
}

type Commands = {
  readonly create: Parameters<Application['createRegistry']>[2];
  readonly update: Parameters<Application['updateRegistry']>[3];
  readonly rotate: Parameters<Application['rotateCredential']>[3];
  readonly issue: Parameters<Application['issueCredential']>[2];
};

/** Commands with only the given fields. */
export const command = {
  create: (changes: Partial<Commands['create']> & Pick<Commands['create'], 'password'>): Commands['create'] => ({
    url: 'registry.example',
    username: 'ada',
    mint: undefined,
    name: undefined,
    description: undefined,
    email: undefined,
    access: undefined,
    provider: undefined,
    caCertificate: undefined,
    authRealmHost: undefined,
    expiresAt: undefined,
    rotateEveryDays: undefined,
    verify: false,
    idempotencyKey: undefined,
    ...changes,
  }),
  update: (changes: Partial<Commands['update']> = {}): Commands['update'] => ({
    name: undefined,
    description: undefined,
    email: undefined,
    username: undefined,
    password: undefined,
    access: undefined,
    caCertificate: undefined,
    authRealmHost: undefined,
    expiresAt: undefined,
    rotateEveryDays: undefined,
    expectedRevision: undefined,
    verify: false,
    idempotencyKey: undefined,
    ...changes,
  }),
  rotate: (changes: Partial<Commands['rotate']> & Pick<Commands['rotate'], 'password'>): Commands['rotate'] => ({
    username: undefined,
    mint: undefined,
    expiresAt: undefined,
    verify: false,
    whenInUse: 'PROCEED',
    expectedRevision: undefined,
    idempotencyKey: undefined,
    ...changes,
  }),
  issue: (changes: Partial<Commands['issue']> = {}): Commands['issue'] => ({
    image: 'registry.example/team/app',
    purpose: 'PULL',
    pipeline: 'build',
    runId: undefined,
    ttlSeconds: 3600,
    form: 'PASSWORD',
    idempotencyKey: undefined,
    ...changes,
  }),
};
