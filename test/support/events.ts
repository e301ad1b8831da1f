import { randomUUID } from 'node:crypto';
import type { EventToAppend, StoredMetadata } from '../../src/application/ports/event-log.ts';
import type { LeaseReleased } from '../../src/domain/events.ts';

export const METADATA: StoredMetadata = {
  projectId: 'demo',
  actor: 'someone',
  issuer: 'https://issuer.example',
  tokenId: 'token-1',
  ipAddress: '192.0.2.1',
  userAgent: null,
  requestId: null,
  durationMs: 3,
  idempotencyId: null,
  mac: null,
};

/** A small event with a new id. A test can set `pipeline` to find it again. */
export function anEvent(
  pipeline = 'build',
  id: string = randomUUID(),
): EventToAppend & { readonly event: LeaseReleased } {
  const about = { leaseId: 'lease', registryId: 'registry', url: 'registry.example' };
  const data = { ...about, pipeline, runId: null, reason: 'RELEASED' as const };
  return { id, event: { type: 'LeaseReleased', data }, occurredAt: '2026-02-03T04:05:06.789Z', metadata: METADATA };
}

let streams = 0;
export function aStream(kind = 'stream'): string {
  streams += 1;
  return `${kind}-${streams}-${randomUUID()}`;
}
