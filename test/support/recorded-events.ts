import { createHash } from 'node:crypto';
import type { EventMetadata, Position, RecordedEvent, StoredMetadata } from '../../src/application/ports/event-log.ts';
import {
  type DomainEvent,
  type LeaseEnd,
  type NoticeRaised,
  type RegistryTested,
  schemaVersionOf,
} from '../../src/domain/events.ts';
import {
  accessStream,
  healthStream,
  leaseStream,
  noticeStream,
  registryStream,
  uuidV5,
} from '../../src/domain/identity.ts';

const NAMESPACE = '7f3f6b62-6c0c-4b0a-8f0a-0a3c6f0f9d11';
/** A UUID that follows from a name, so that examples stay the same. */
export const idOf = (name: string): string => uuidV5(NAMESPACE, name);

export const METADATA: StoredMetadata = {
  projectId: 'demo',
  actor: 'ada',
  issuer: 'https://issuer.example',
  tokenId: 'token-1',
  ipAddress: '192.0.2.7',
  userAgent: 'test',
  requestId: 'request-1',
  durationMs: 3,
  idempotencyId: null,
  mac: null,
};

const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex');

export function createdEvent(registry: string, version: number, projectId = 'demo'): DomainEvent {
  return {
    type: 'RegistryCreated',
    data: {
      registryId: idOf(registry),
      projectId,
      url: `${registry}.example`,
      enteredUrl: `https://${registry}.example`,
      provider: 'GENERIC',
      username: 'ada',
      name: registry,
      description: null,
      email: null,
      access: 'PULL_AND_PUSH',
      caCertificate: null,
      authRealmHost: null,
      rotateEveryDays: null,
      credential: credential(registry, version),
    },
  };
}

export function rotatedEvent(registry: string, version: number): DomainEvent {
  return {
    type: 'CredentialRotated',
    data: { registryId: idOf(registry), username: 'ada', credential: credential(registry, version) },
  };
}

/** `label`: if an issuer was asked for it. */
export function stagedEvent(registry: string, version: number, label: string | null = null): DomainEvent {
  return {
    type: 'CredentialStaged',
    data: { registryId: idOf(registry), username: 'grace', credential: credential(registry, version), label },
  };
}

export function requestedEvent(registry: string, label: string): DomainEvent {
  return { type: 'SuccessorRequested', data: { registryId: idOf(registry), issuer: 'robots', label } };
}

export function givenUpEvent(registry: string, label: string): DomainEvent {
  return { type: 'SuccessorDiscarded', data: { registryId: idOf(registry), label } };
}

export function successorRevokedEvent(registry: string, label: string): DomainEvent {
  return { type: 'SuccessorRevoked', data: { registryId: idOf(registry), issuer: 'robots', label } };
}

/** `kept`: the version before, if its leases keep it. */
export function activatedEvent(
  registry: string,
  version: number,
  kept: number | null,
  graceEndsAt: string,
): DomainEvent {
  const secretId = idOf(`${registry}-${kept}`);
  return {
    type: 'CredentialActivated',
    data: {
      registryId: idOf(registry),
      username: 'grace',
      credential: credential(registry, version),
      retiring: kept === null ? null : { credentialVersion: kept, secretId, graceEndsAt },
    },
  };
}

export function abandonedEvent(registry: string, version: number): DomainEvent {
  return {
    type: 'StagedCredentialAbandoned',
    data: { ...endedSecret(registry, version), reason: 'REQUESTED' },
  };
}

export function retiredEvent(registry: string, version: number): DomainEvent {
  return { type: 'CredentialRetired', data: { ...endedSecret(registry, version), reason: 'LAST_LEASE_ENDED' } };
}

function endedSecret(registry: string, version: number) {
  return { registryId: idOf(registry), credentialVersion: version, secretId: idOf(`${registry}-${version}`) };
}

export function renamedEvent(registry: string, name: string): DomainEvent {
  return {
    type: 'RegistryUpdated',
    data: { registryId: idOf(registry), changes: { name }, expiry: null, credential: null },
  };
}

export function deletedEvent(registry: string): DomainEvent {
  return { type: 'RegistryDeleted', data: { registryId: idOf(registry), forced: false, activeLeases: 0 } };
}

export function discardedEvent(registry: string, version: number): DomainEvent {
  return {
    type: 'PendingSecretDiscarded',
    data: { registryId: idOf(registry), secretId: idOf(`${registry}-${version}`), credentialVersion: version },
  };
}

export function expiryLearntEvent(registry: string, version: number, expiresAt: string): DomainEvent {
  return {
    type: 'CredentialExpiryLearnt',
    data: { registryId: idOf(registry), credentialVersion: version, expiresAt },
  };
}

/** What a test of a stored credential found: by default a login that works. */
export function testedEvent(
  registry: string,
  version: number,
  findings: Partial<RegistryTested['data']> = {},
): RegistryTested {
  return {
    type: 'RegistryTested',
    data: {
      registryId: idOf(registry),
      credentialVersion: version,
      scheduled: false,
      url: `${registry}.example`,
      outcome: 'OK',
      detail: null,
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
      method: 'TOKEN_SCOPE',
      repository: null,
      durationMs: 40,
      ...findings,
    },
  };
}

/** By default the first notice of an expiry, of a password from the first event of `recorded`. */
export function noticeRaisedEvent(
  registry: string,
  credentialVersion: number,
  differences: Partial<NoticeRaised['data']> = {},
): NoticeRaised {
  return {
    type: 'NoticeRaised',
    data: {
      registryId: idOf(registry),
      kind: 'EXPIRING',
      credentialVersion,
      rotatedAt: '2026-03-01T00:00:00.000Z',
      deadline: '2040-01-01T00:00:00.000Z',
      deadlineChanges: 0,
      thresholdMs: 30 * 86_400_000,
      ...differences,
    },
  };
}

export function credentialsTestedEvent(url: string): DomainEvent {
  const { registryId: _id, credentialVersion: _version, scheduled: _scheduled, ...findings } = testedEvent('x', 1).data;
  return { type: 'CredentialsTested', data: { ...findings, url, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } };
}

/** Nothing is wrong with it but that the database has no room for the number. */
export function unstorableEvent(registry: string): DomainEvent {
  return {
    type: 'RegistryUpdated',
    data: { registryId: idOf(registry), changes: { rotateEveryDays: 2 ** 40 }, expiry: null, credential: null },
  };
}

export function issuedEvent(registry: string, lease: string, version: number, expiresAt: string): DomainEvent {
  return {
    type: 'CredentialIssued',
    data: {
      leaseId: idOf(lease),
      registryId: idOf(registry),
      url: `${registry}.example`,
      credentialVersion: version,
      secret: { secretId: idOf(`${registry}-${version}`), digest: digestOf(`${registry}-${version}`) },
      image: `${registry}.example/app:1`,
      pipeline: `pipeline-of-${lease.slice(0, 1)}`,
      runId: null,
      purpose: 'PULL',
      expiresAt,
    },
  };
}

export function releasedEvent(registry: string, lease: string, reason: LeaseEnd = 'RELEASED'): DomainEvent {
  return {
    type: 'LeaseReleased',
    data: {
      leaseId: idOf(lease),
      registryId: idOf(registry),
      url: `${registry}.example`,
      pipeline: 'build',
      runId: null,
      reason,
    },
  };
}

function credential(registry: string, version: number) {
  const name = `${registry}-${version}`;
  return {
    version,
    kind: 'TOKEN' as const,
    expiresAt: null,
    expirySource: null,
    secretId: idOf(name),
    digest: digestOf(name),
    warnings: [],
    mint: null,
  };
}

/** When the event with this index among those of `recorded` happened. */
export function recordedAt(index: number): string {
  return new Date(Date.UTC(2026, 2, 1) + index * 1000).toISOString();
}

/** Puts events into the order of a log: positions from 1 on, a second apart, each in its own stream. */
export function recorded(events: readonly DomainEvent[], metadata: Partial<EventMetadata> = {}): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return events.map((event, index) => {
    const stream = streamOf(event, metadata.projectId ?? undefined);
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    return {
      id: idOf(`event-${index}`),
      type: event.type,
      schemaVersion: schemaVersionOf(event.type),
      data: event.data,
      json: JSON.stringify(event.data),
      occurredAt: recordedAt(index),
      metadata: { ...METADATA, ...metadata },
      stream,
      revision,
      position: BigInt(index + 1) as Position,
    };
  });
}

export function streamOf({ type, data }: DomainEvent, projectId = 'demo'): string {
  if (type === 'RegistryTested') return healthStream(projectId, data.registryId);
  if (type === 'NoticeRaised') return noticeStream(projectId, data.registryId);
  if (type === 'AuthenticationFailureReported') return accessStream(projectId);
  if ('leaseId' in data && data.leaseId !== null && !('code' in data)) return leaseStream(projectId, data.leaseId);
  if ('registryId' in data && data.registryId !== null && !('code' in data))
    return registryStream(projectId, data.registryId);
  return 'access-demo';
}

export function reportedEvent(registry: string, lease: string, credentialVersion: number): DomainEvent {
  const about = { leaseId: idOf(lease), registryId: idOf(registry), url: `${registry}.example` };
  return {
    type: 'AuthenticationFailureReported',
    data: { ...about, credentialVersion, pipeline: 'build', runId: null, message: null },
  };
}

export function linkedEvent(registry: string, pipeline: string, note: string | null = null): DomainEvent {
  return { type: 'PipelineLinked', data: { registryId: idOf(registry), pipeline, note, before: null } };
}

export function unlinkedEvent(registry: string, pipeline: string): DomainEvent {
  return { type: 'PipelineUnlinked', data: { registryId: idOf(registry), pipeline } };
}

export function leasesRevokedEvent(registry: string, activeLeases: number): DomainEvent {
  return { type: 'LeasesRevoked', data: { registryId: idOf(registry), activeLeases } };
}
