import fc from 'fast-check';
import type { DomainEvent } from '../../src/domain/events.ts';
import {
  createdEvent,
  deletedEvent,
  discardedEvent,
  expiryLearntEvent,
  issuedEvent,
  releasedEvent,
  renamedEvent,
  rotatedEvent,
  testedEvent,
} from './recorded-events.ts';

const LATER = '2040-01-01T00:00:00.000Z';

/** What happens to which of two registries; steps that are not possible then are left out. */
export const registrySteps = fc.array(
  fc.tuple(
    fc.constantFrom('a', 'b'),
    fc.constantFrom('create', 'rename', 'rotate', 'delete', 'issue', 'release', 'test', 'discard', 'learn'),
  ),
  { maxLength: 60, size: 'max' },
);

/** Only what the decisions would allow. */
export function eventsOf(steps: readonly (readonly [string, string])[]): DomainEvent[] {
  const versions = new Map<string, number>();
  const live = new Set<string>();
  return steps.flatMap(([registry, step], index): DomainEvent[] => {
    const version = versions.get(registry) ?? 0;
    if (step === 'create' && !live.has(registry)) {
      live.add(registry);
      versions.set(registry, version + 1);
      return [createdEvent(registry, version + 1)];
    }
    if (!live.has(registry)) return [];
    switch (step) {
      case 'rename':
        return [renamedEvent(registry, `name ${index}`)];
      case 'rotate':
        versions.set(registry, version + 1);
        return [rotatedEvent(registry, version + 1)];
      case 'delete':
        live.delete(registry);
        return [deletedEvent(registry)];
      case 'issue':
        return [issuedEvent(registry, `lease of ${registry} ${index}`, version, LATER)];
      case 'release':
        return [
          issuedEvent(registry, `short of ${registry} ${index}`, version, LATER),
          releasedEvent(registry, `short of ${registry} ${index}`),
        ];
      case 'test':
        return [testedEvent(registry, version, { scheduled: true, outcome: 'AUTHENTICATION_FAILED' })];
      case 'discard':
        versions.set(registry, version + 1);
        return [discardedEvent(registry, version + 1)];
      case 'learn':
        return [expiryLearntEvent(registry, version, LATER)];
      default:
        return [];
    }
  });
}
