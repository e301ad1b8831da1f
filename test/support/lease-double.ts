import { randomUUID } from 'node:crypto';
import type { LeaseView } from '../../src/domain/lease.ts';

const NOW = '2030-01-31T09:00:00.000Z';

/** A lease for `ApplicationDouble`, with a new id. */
export function leaseView(pipeline: string): LeaseView {
  return {
    id: randomUUID(),
    registryId: randomUUID(),
    url: 'docker.io',
    image: 'alpine:3',
    credentialVersion: 1,
    pipeline,
    runId: null,
    purpose: 'PULL',
    issuedTo: 'alice',
    identity: null,
    issuedAt: NOW,
    expiresAt: NOW,
    releasedAt: null,
    revokedBy: null,
  };
}
