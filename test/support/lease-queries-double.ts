import type { AggregateStore } from '../../src/application/log/aggregate-store.ts';
import type { ListedLeases } from '../../src/application/ports/archived-leases.ts';
import type { RecordedEvent } from '../../src/application/ports/event-log.ts';
import type { LeaseQueries } from '../../src/application/ports/read-models.ts';
import type { LeaseInUse } from '../../src/domain/errors.ts';
import { decodeEvent } from '../../src/domain/event-codec.ts';
import type { CredentialIssued } from '../../src/domain/events.ts';
import { isActive, type Lease } from '../../src/domain/lease.ts';

const PROJECT = 'demo';

/** Answers from the log itself. `counted` gets each registry whose active leases were counted. */
export function leaseQueriesOf(
  aggregates: Pick<AggregateStore, 'loadLease'>,
  events: readonly RecordedEvent[],
  counted: string[],
  now: () => number,
): Pick<LeaseQueries, 'countActive' | 'countByVersion' | 'listActive' | 'lastOf'> & ListedLeases {
  async function activeOf(registryId: string): Promise<Lease[]> {
    const issued = events.map(decodeEvent).flatMap(({ type, data }) => (type === 'CredentialIssued' ? [data] : []));
    const loaded = await Promise.all(
      issued
        .filter((data) => data.registryId === registryId)
        .map(({ leaseId }) => aggregates.loadLease(PROJECT, leaseId)),
    );
    return loaded.flatMap(({ state }) => (state !== null && isActive(state, now()) ? [state] : []));
  }
  return {
    byId: async () => undefined,
    async lastOf(_projectId, { registryId, pipeline, runId, issuedTo }) {
      const last = events.findLast(({ type, data, metadata }) => {
        const { actor, issuer } = metadata;
        if (type !== 'CredentialIssued' || actor !== issuedTo.subject || issuer !== issuedTo.issuer) return false;
        const issued = data as CredentialIssued['data'];
        return issued.registryId === registryId && issued.pipeline === pipeline && issued.runId === runId;
      });
      return (last?.data as CredentialIssued['data'] | undefined)?.leaseId;
    },
    async countActive(registryId) {
      counted.push(registryId);
      return (await activeOf(registryId)).length;
    },
    async countByVersion(registryId) {
      const versions = (await activeOf(registryId)).map(({ credentialVersion }) => credentialVersion);
      return new Map(versions.map((version) => [version, versions.filter((other) => other === version).length]));
    },
    async listActive(registryId, { after, limit }) {
      const keyOf = ({ expiresAt, id }: LeaseInUse) => `${expiresAt} ${id}`;
      return (await activeOf(registryId))
        .map(({ id, pipeline, runId, expiresAt }) => ({ id, pipeline, runId, expiresAt }))
        .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
        .filter((lease) => after === undefined || keyOf(lease) < keyOf(after))
        .slice(0, limit);
    },
  };
}
