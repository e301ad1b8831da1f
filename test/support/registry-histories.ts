import fc from 'fast-check';
import type { DomainEvent } from '../../src/domain/events.ts';
import {
  abandonedEvent,
  activatedEvent,
  createdEvent,
  deletedEvent,
  discardedEvent,
  expiryLearntEvent,
  givenUpEvent,
  issuedEvent,
  leasesRevokedEvent,
  linkedEvent,
  noticeRaisedEvent,
  recordedAt,
  releasedEvent,
  renamedEvent,
  reportedEvent,
  requestedEvent,
  retiredEvent,
  rotatedEvent,
  stagedEvent,
  successorRevokedEvent,
  testedEvent,
  unlinkedEvent,
} from './recorded-events.ts';

const LATER = '2040-01-01T00:00:00.000Z';

const STEPS = [
  ...(['create', 'rename', 'rotate', 'delete', 'issue', 'release', 'test', 'discard', 'learn', 'remind'] as const),
  ...(['stage', 'test staged', 'activate', 'activate with a grace', 'abandon', 'retire'] as const),
  ...(['link', 'unlink', 'revoke', 'report', 'request', 'give up', 'revoke successor'] as const),
] as const;

/** What happens to which of two registries; steps that are not possible then are left out. */
export const registrySteps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(...STEPS)), {
  maxLength: 60,
  size: 'max',
});

/** Only what the decisions would allow. */
export function eventsOf(steps: readonly (readonly [string, string])[]): DomainEvent[] {
  const versions = new Map<string, number>();
  const live = new Set<string>();
  const current = new Map<string, number>();
  const staged = new Map<string, number>();
  const retiring = new Map<string, number>();
  /** The labels that were requested, and those that were given up. */
  const requested = new Map<string, string>();
  const givenUp = new Map<string, string>();

  /** The events that end the versions beside the current one. */
  function endOthers(registry: string): DomainEvent[] {
    return [...ended(registry, staged, abandonedEvent), ...ended(registry, retiring, retiredEvent)];
  }

  const events = steps.flatMap(([registry, step], index): DomainEvent[] => {
    const version = versions.get(registry) ?? 0;
    if (step === 'create' && !live.has(registry)) {
      live.add(registry);
      versions.set(registry, version + 1);
      current.set(registry, version + 1);
      return [createdEvent(registry, version + 1)];
    }
    if (!live.has(registry)) return [];
    const inUse = current.get(registry) ?? version;
    switch (step) {
      case 'rename':
        return [renamedEvent(registry, `name ${index}`)];
      case 'rotate':
        versions.set(registry, version + 1);
        current.set(registry, version + 1);
        return [...endOthers(registry), rotatedEvent(registry, version + 1)];
      case 'stage':
        versions.set(registry, version + 1);
        return [
          ...ended(registry, staged, abandonedEvent),
          ...beginning(registry, staged, version + 1, takenFrom(requested, registry)),
        ];
      case 'test staged':
        return [staged.get(registry) ?? []].flat().map((tested) => testedEvent(registry, tested));
      case 'activate':
      case 'activate with a grace': {
        const next = staged.get(registry);
        if (next === undefined) return [];
        const before = ended(registry, retiring, retiredEvent);
        const kept = step === 'activate' ? null : inUse;
        if (kept !== null) retiring.set(registry, kept);
        staged.delete(registry);
        current.set(registry, next);
        return [...before, activatedEvent(registry, next, kept, LATER)];
      }
      case 'abandon':
        return ended(registry, staged, abandonedEvent);
      case 'retire':
        return ended(registry, retiring, retiredEvent);
      case 'delete':
        for (const versionsBeside of [staged, retiring]) versionsBeside.delete(registry);
        live.delete(registry);
        requested.delete(registry);
        return [deletedEvent(registry)];
      case 'issue':
        return [issuedEvent(registry, `lease of ${registry} ${index}`, inUse, LATER)];
      case 'release':
        return [
          issuedEvent(registry, `short of ${registry} ${index}`, inUse, LATER),
          releasedEvent(registry, `short of ${registry} ${index}`),
        ];
      case 'link':
        return [linkedEvent(registry, `pipeline ${index % 3}`, index % 2 === 0 ? `note ${index}` : null)];
      case 'unlink':
        return [unlinkedEvent(registry, `pipeline ${index % 3}`)];
      case 'revoke':
        return [
          leasesRevokedEvent(registry, 1),
          issuedEvent(registry, `ended of ${registry} ${index}`, inUse, LATER),
          releasedEvent(registry, `ended of ${registry} ${index}`, 'REVOKED'),
        ];
      case 'report':
        return [reportedEvent(registry, `short of ${registry} ${index}`, inUse)];
      case 'request':
        if (requested.has(registry)) return [];
        requested.set(registry, `label ${index}`);
        return [requestedEvent(registry, `label ${index}`)];
      case 'give up': {
        const label = takenFrom(requested, registry);
        if (label === null) return [];
        givenUp.set(registry, label);
        return [givenUpEvent(registry, label)];
      }
      case 'revoke successor': {
        const label = takenFrom(givenUp, registry);
        return label === null ? [] : [successorRevokedEvent(registry, label)];
      }
      case 'test':
        return [testedEvent(registry, inUse, { scheduled: true, outcome: 'AUTHENTICATION_FAILED' })];
      case 'discard':
        versions.set(registry, version + 1);
        return [discardedEvent(registry, version + 1)];
      case 'learn':
        return [expiryLearntEvent(registry, inUse, LATER)];
      case 'remind':
        return [noticeRaisedEvent(registry, inUse, { deadline: LATER })];
      default:
        return [];
    }
  });
  return ofTheirPasswords(events);
}

/** With the time of its password in each notice, if the events are recorded from the first one on. */
function ofTheirPasswords(events: readonly DomainEvent[]): DomainEvent[] {
  const rotatedAt = new Map<string, string>();
  return events.map((event, index) => {
    switch (event.type) {
      case 'RegistryCreated':
      case 'CredentialRotated':
      case 'CredentialActivated':
        rotatedAt.set(event.data.registryId, recordedAt(index));
        return event;
      case 'NoticeRaised': {
        const known = rotatedAt.get(event.data.registryId);
        return known === undefined ? event : { ...event, data: { ...event.data, rotatedAt: known } };
      }
      default:
        return event;
    }
  });
}

function beginning(
  registry: string,
  staged: Map<string, number>,
  version: number,
  label: string | null,
): DomainEvent[] {
  staged.set(registry, version);
  return [stagedEvent(registry, version, label)];
}

function takenFrom(labels: Map<string, string>, registry: string): string | null {
  const label = labels.get(registry) ?? null;
  labels.delete(registry);
  return label;
}

/** The event that ends the registry's version among these, if there is one. */
function ended(
  registry: string,
  versions: Map<string, number>,
  event: (registry: string, version: number) => DomainEvent,
): DomainEvent[] {
  const version = versions.get(registry);
  versions.delete(registry);
  return version === undefined ? [] : [event(registry, version)];
}
