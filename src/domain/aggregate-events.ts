import { type DomainEvent, EVENT_TYPES, type LeaseEvent, type RegistryEvent } from './events.ts';

export function isRegistryEvent(event: DomainEvent): event is RegistryEvent {
  return EVENT_TYPES[event.type].aggregate === 'registry';
}

export function isLeaseEvent(event: DomainEvent): event is LeaseEvent {
  return EVENT_TYPES[event.type].aggregate === 'lease';
}
