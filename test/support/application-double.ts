import { randomUUID } from 'node:crypto';
import type { RefusedAttempt } from '../../src/application/audit/attempt-counts.ts';
import type { Application } from '../../src/application/create-application.ts';
import type { IssuedCredential } from '../../src/application/lease/issued-credential.ts';
import type { ReadCalendar } from '../../src/application/notices/read-calendar.ts';
import type { ChangeView, NoticeView, PipelineUseView } from '../../src/application/ports/read-models.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { notFound } from '../../src/domain/errors.ts';
import { registryId } from '../../src/domain/identity.ts';
import type { LeaseView } from '../../src/domain/lease.ts';
import type { HealthView, RegistryView } from '../../src/domain/registry-view.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Queries } from '../../src/graphql/pipeline/context.ts';
import { auditDouble } from './audit-double.ts';
import { calendarDouble } from './calendar-double.ts';
import { createFeedDouble } from './feed-double.ts';
import { leaseView } from './lease-double.ts';
import { trustDouble } from './trust-double.ts';
import { deliveryView, webhooksDouble } from './webhooks-double.ts';

export interface Recorded {
  readonly outcome: 'DENIED' | 'FAILED';
  readonly context: RequestContext;
  readonly attempt: RefusedAttempt;
}

/** An application in memory for tests of the edge: it decides nothing and records its calls. */
export interface ApplicationDouble {
  readonly application: Application;
  readonly queries: Queries;
  readonly registries: Map<string, RegistryView>;
  /** Names of the methods that were called, in order, without those that record. */
  readonly calls: string[];
  readonly recorded: Recorded[];
  /** The projects whose audit logs were read. */
  readonly auditReads: string[];
  /** By source. */
  readonly unauthenticated: Map<string, number>;
  /** By capability. */
  readonly calendars: Map<string, ReadCalendar>;
  /** The password that `issueCredential` hands out. */
  readonly password: Secret;
  /** What every use case and query throws from now on; undefined: nothing. */
  failure: unknown;
  /** What every use case and query waits for from now on. */
  gate: Promise<void>;
  addRegistry(projectId: string, url: string, changes?: Partial<RegistryView>): RegistryView;
  publishNotice(projectId: string, changes?: Partial<NoticeView>): NoticeView;
  publishChange(projectId: string, registry: RegistryView): ChangeView;
  /** Generators of the feeds that were begun and have not ended. */
  readonly openFeeds: number;
}

const NOW = '2030-01-31T09:00:00.000Z';

export function createApplicationDouble(): ApplicationDouble {
  const registries = new Map<string, RegistryView>();
  const calendars = new Map<string, ReadCalendar>();
  const calls: string[] = [];
  const recorded: Recorded[] = [];
  const unauthenticated = new Map<string, number>();
  const auditReads: string[] = [];
  const password = new Secret(`CANARY-double-${randomUUID()}`);
  const notices = createFeedDouble<NoticeView>();
  const changes = createFeedDouble<ChangeView>();

  async function called<Result>(name: string, answer: () => Result): Promise<Result> {
    calls.push(name);
    await double.gate;
    if (double.failure !== undefined) throw double.failure;
    return answer();
  }

  const ofProject = (projectId: string) =>
    [...registries.values()].filter((registry) => registry.projectId === projectId);

  function existing(projectId: string, id: string): RegistryView {
    const found = registries.get(id);
    if (found === undefined || found.projectId !== projectId) throw notFound('registry');
    return found;
  }

  const calendar = calendarDouble(called, calendars, password);
  const trust = trustDouble(called);
  const application: Application = {
    createRegistry: (_context, projectId, { url, username }) =>
      called('createRegistry', () => double.addRegistry(projectId, url, { username: username ?? 'robot' })),
    updateRegistry: (_context, projectId, id) => called('updateRegistry', () => existing(projectId, id)),
    rotateCredential: (_context, projectId, id) => called('rotateCredential', () => existing(projectId, id)),
    stageCredential: (_context, projectId, id) => called('stageCredential', () => existing(projectId, id)),
    activateCredential: (_context, projectId, id) => called('activateCredential', () => existing(projectId, id)),
    abandonStagedCredential: (_context, projectId, id) =>
      called('abandonStagedCredential', () => existing(projectId, id)),
    linkPipeline: (_context, projectId, id) => called('linkPipeline', () => existing(projectId, id)),
    unlinkPipeline: (_context, projectId, id) => called('unlinkPipeline', () => existing(projectId, id)),
    revokeLeases: (_context, projectId, id) =>
      called('revokeLeases', () => ({ revoked: 2, registry: existing(projectId, id) })),
    leasesNow: () => called('leasesNow', () => ({ activeLeases: 2, warnings: [] })),
    deleteRegistry: (_context, projectId, id) =>
      called('deleteRegistry', () => {
        const { url } = existing(projectId, id);
        registries.delete(id);
        return { deletedId: id, url };
      }),
    issueCredential: (_context, _projectId, { pipeline }) =>
      called('issueCredential', () => issued(leaseView(pipeline), password)),
    issueCredentials: (_context, _projectId, commands) =>
      called('issueCredentials', () => ({
        credentials: commands.map(({ pipeline }) => issued(leaseView(pipeline), password)),
        dockerConfigJson: password,
      })),
    releaseLease: (_context, _projectId, leaseId) =>
      called('releaseLease', () => ({ ...leaseView('build'), id: leaseId, releasedAt: NOW })),
    reportAuthenticationFailure: (_context, _projectId, { leaseId, pipeline }) =>
      called('reportAuthenticationFailure', () => ({ ...leaseView(pipeline ?? 'build'), id: leaseId ?? randomUUID() })),
    testRegistry: (_context, projectId, id, repository) =>
      called('testRegistry', () => {
        const { url, provider, credential } = existing(projectId, id);
        return { health: health(credential.version, repository), url, provider };
      }),
    testStagedCredential: (_context, projectId, id, version) =>
      called('testStagedCredential', () => {
        const { url, provider, credential } = existing(projectId, id);
        const [staged, active] = [health(version, null), health(credential.version, null)];
        return { staged, active, reason: null, url, provider };
      }),
    testCredentials: (_context, _projectId, { url, provider, repository }) =>
      called('testCredentials', () => ({
        health: health(null, repository),
        url,
        provider: provider ?? 'GENERIC',
        expiresAt: null,
        warnings: [],
      })),

    replayWebhookDelivery: (_context, _projectId, id) =>
      called('replayWebhookDelivery', () => ({ ...deliveryView(1), id })),

    ...calendar.commands,
    ...trust.commands,
    registryByUrl: (projectId, url) =>
      called('registryByUrl', () => ofProject(projectId).find((found) => found.url === url)),
    registryAsOf: (projectId, id) =>
      called('registryAsOf', () => ofProject(projectId).find((found) => found.id === id)),
    resolveImage: (projectId, image) =>
      called('resolveImage', () => ({
        image,
        url: 'docker.io',
        repository: 'library/alpine',
        registry: ofProject(projectId).find(({ url }) => url === 'docker.io') ?? null,
        reason: 'No host is named, so it is Docker Hub.',
      })),
    recordDenied: async (context, attempt) => {
      recorded.push({ outcome: 'DENIED', context, attempt });
    },
    recordFailed: async (context, attempt) => {
      recorded.push({ outcome: 'FAILED', context, attempt });
    },
    readable: async () => undefined,
    readableAt: async () => 'primary',
    answered: () => undefined,
    follows: () => undefined,
    recordAuditRead: async (_context, projectId) => {
      auditReads.push(projectId);
    },
    countUnauthenticated: (source) => {
      unauthenticated.set(source, (unauthenticated.get(source) ?? 0) + 1);
    },
  };

  const queries: Queries = {
    trustRuleUses: trust.queries,
    registries: {
      list: (projectId, { first, after }) =>
        called('registries', () => {
          const all = ofProject(projectId);
          const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after.id) + 1;
          const items = all
            .slice(start, start + first)
            .map((node) => ({ node, cursor: { key: node.name, id: node.id } }));
          const end = items.at(-1)?.cursor;
          return { items, hasNextPage: all.length > start + first, end, latestChange: changes.items.length };
        }),
      count: (projectId) => called('countRegistries', () => ({ count: ofProject(projectId).length, isExact: true })),
      byId: (projectId, id) => called('registry', () => ofProject(projectId).find((found) => found.id === id)),
      recentPipelines: () => called('recentPipelines', () => [pipelineUse('build')]),
      linkedPipelines: () => called('linkedPipelines', () => [pipelineUse('deploy')]),
      usage: (ids) =>
        called('usage', () =>
          ids.map((_, index) => ({
            lastUsedAt: NOW,
            lastUsedBy: 'build',
            activeLeases: index,
            retiringLeases: 0,
            pipelines: [],
          })),
        ),
    },
    calendar: calendar.queries,
    uses: { since: () => called('registryUse', () => []) },
    leases: {
      list: () =>
        called('leases', () => ({
          items: [{ node: LISTED_LEASE, cursor: LISTED_LEASE }],
          hasNextPage: false,
          end: LISTED_LEASE,
        })),
      count: () => called('countLeases', () => ({ count: 1, isExact: true })),
      lastToEnd: () => called('leasesLastToEnd', () => [LISTED_LEASE]),
    },
    ...auditDouble(called),
    notices: {
      list: (projectId, { before = Number.POSITIVE_INFINITY, first }) =>
        called('rotationNotices', () => {
          const found = notices.items
            .filter((item) => item.projectId === projectId && item.sequence < before)
            .reverse();
          return { notices: found.slice(0, first), hasNextPage: found.length > first };
        }),
    },
    webhooks: webhooksDouble(called),
    feeds: { notices: notices.feed, changes: changes.feed },
  };

  const double: ApplicationDouble = {
    application,
    calendars,
    queries,
    registries,
    calls,
    recorded,
    auditReads,
    unauthenticated,
    password,
    failure: undefined,
    gate: Promise.resolve(),
    get openFeeds() {
      return notices.open() + changes.open();
    },
    addRegistry(projectId, url, differences = {}) {
      const registry: RegistryView = { ...registryTemplate(projectId, url), ...differences };
      registries.set(registry.id, registry);
      return registry;
    },
    publishNotice(projectId, differences = {}) {
      return notices.publish((sequence) => ({
        sequence,
        kind: 'ROTATED',
        projectId,
        registryId: registryId(projectId, 'docker.io'),
        url: 'docker.io',
        credentialVersion: sequence,
        occurredAt: NOW,
        expiresAt: null,
        actor: 'alice',
        leasesOnOlderVersions: 0,
        message: `version ${sequence}`,
        ...differences,
      }));
    },
    publishChange(projectId, registry) {
      return changes.publish((sequence) => ({
        sequence,
        kind: 'UPDATED',
        projectId,
        registryId: registry.id,
        registry,
      }));
    },
  };
  return double;
}

function registryTemplate(projectId: string, url: string): RegistryView {
  return {
    id: registryId(projectId, url),
    projectId,
    url,
    enteredUrl: `https://${url}/`,
    name: url,
    description: null,
    email: null,
    provider: 'GENERIC',
    username: 'robot',
    access: 'PULL_AND_PUSH',
    caCertificate: null,
    authRealmHost: null,
    credential: {
      version: 1,
      kind: 'PASSWORD',
      present: true,
      expiresAt: null,
      expirySource: null,
      rotateEveryDays: 90,
      rotatedAt: NOW,
      rotatedBy: 'alice',
      warnings: [],
      staged: null,
      retiring: null,
    },
    mint: null,
    health: null,
    revision: 0,
    createdAt: NOW,
    createdBy: 'alice',
    updatedAt: NOW,
    updatedBy: 'alice',
  };
}

function issued(lease: LeaseView, password: Secret): IssuedCredential {
  return {
    lease,
    serverAddress: 'https://index.docker.io/v1/',
    username: 'robot',
    password,
    form: 'PASSWORD',
    expiresAt: null,
    expirySource: null,
    caCertificate: null,
    isNewLease: true,
    dockerConfigJson: new Secret(JSON.stringify({ auths: { 'docker.io': { auth: password.reveal() } } })),
  };
}

function pipelineUse(pipeline: string): PipelineUseView {
  return { pipeline, lastUsedAt: NOW, leases: 1, linked: pipeline === 'deploy', note: null };
}

/** Equal queries list the same lease: its id is in their cursors. */
const LISTED_LEASE = leaseView('build');

function health(credentialVersion: number | null, repository: string | null | undefined): HealthView {
  return {
    testedAt: NOW,
    credentialVersion,
    outcome: 'OK',
    detail: null,
    login: 'PROVED',
    pull: 'UNKNOWN',
    push: 'UNKNOWN',
    method: 'TOKEN_SCOPE',
    repository: repository ?? null,
    durationMs: 1,
  };
}
