import { decideRevoke } from '../../domain/lease.ts';
import { existing } from '../../domain/registry.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { ActiveLeases } from '../registry/active-leases.ts';
import { type HandleRegistryCommand, registryIdOf } from '../registry/registry-command-handler.ts';
import type { BeginVerification } from '../registry/verification.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { EndLease } from './end-lease.ts';

/** As many leases as are ended at once: their appends share a durable write. */
const AT_ONCE = 50;

export interface RevokeLeasesDeps {
  readonly handle: HandleRegistryCommand;
  readonly activeLeases: ActiveLeases;
  readonly endLease: EndLease;
  readonly beginVerification: BeginVerification;
}

export interface RevokedLeases {
  /** Those that this request ended: others may have ended meanwhile. */
  readonly revoked: number;
  readonly registry: RegistryView;
}

/**
 * Ends every active lease of a registry, each in its stream. First an event in the registry's stream says so: an ask that
 * was decided before it is decided again, so no lease is begun unnoticed meanwhile. If this dies midway, a repeated request
 * ends the rest.
 */
export function revokeLeasesUseCase({ handle, activeLeases, endLease, beginVerification }: RevokeLeasesDeps) {
  return async (context: RequestContext, projectId: string, id: string): Promise<RevokedLeases> => {
    const registryId = registryIdOf(id);
    const outcome = await handle(context, {
      projectId,
      registryId,
      idempotent: null,
      password: () => undefined,
      // The registry first: a count would tell by its time that the id is known in another project.
      decide: async (state) => decideRevoke(state, await activeLeases.count(existing(state))),
    });
    const metadata = callerMetadata(context, projectId);
    let revoked = 0;
    for await (const leases of activeLeases.pages(existing(outcome.state))) {
      for (let start = 0; start < leases.length; start += AT_ONCE) {
        const ended = await Promise.all(
          leases.slice(start, start + AT_ONCE).map((lease) => endLease(projectId, lease.id, 'REVOKED', metadata)),
        );
        revoked += ended.filter(({ endedNow }) => endedNow).length;
      }
    }
    return { revoked, registry: await beginVerification(context, projectId, false).answer(outcome) };
  };
}
