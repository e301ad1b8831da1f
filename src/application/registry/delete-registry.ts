import { decideDelete, existing } from '../../domain/registry.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RequestContext } from '../request-context.ts';
import { type ActiveLeases, NO_LEASES } from './active-leases.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';

export interface DeleteRegistryCommand {
  readonly force: boolean;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface DeleteRegistryDeps {
  readonly handle: HandleRegistryCommand;
  readonly activeLeases: Pick<ActiveLeases, 'count' | 'named'>;
}

export interface DeletedRegistry {
  readonly deletedId: string;
  readonly url: string;
}

/**
 * Counts every lease that was issued before the deletion was requested. A lease that is being issued at the same moment
 * may not count, but then its pipeline gets the secret either before the deletion or not at all.
 */
export function deleteRegistryUseCase({ handle, activeLeases }: DeleteRegistryDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: DeleteRegistryCommand,
  ): Promise<DeletedRegistry> => {
    const registryId = registryIdOf(id);
    const { state } = await handle(context, {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'deleteRegistry', registryId, command),
      password: () => undefined,
      decide: async (current) => {
        // Before the count, which would tell by its time that the id is known in another project.
        const live = existing(current);
        const inUse = command.force
          ? { ...NO_LEASES, activeLeases: await activeLeases.count(live) }
          : await activeLeases.named(live);
        return decideDelete(current, { force: command.force, ...inUse });
      },
    });
    if (state.phase !== 'deleted') throw new Error('a deletion must leave a deleted registry');
    return { deletedId: registryId, url: state.url };
  };
}
