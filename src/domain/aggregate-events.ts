import { type DomainEvent, EVENT_TYPES, type LeaseEvent } from './events.ts';
import type { RegistryEvent } from './registry-events.ts';

export function isRegistryEvent(event: DomainEvent): event is RegistryEvent {
  return EVENT_TYPES[event.type].aggregate === 'registry';
}

export function isLeaseEvent(event: DomainEvent): event is LeaseEvent {
  return EVENT_TYPES[event.type].aggregate === 'lease';
}
