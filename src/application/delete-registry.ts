import { decideDelete, existing } from '../domain/registry.ts';
import type { CountActiveLeases } from './active-leases.ts';
import { idempotentRequest } from './idempotency.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import type { RequestContext } from './request-context.ts';

export interface DeleteRegistryCommand {
  readonly force: boolean;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface DeleteRegistryDeps {
  readonly handle: HandleRegistryCommand;
  readonly countActiveLeases: CountActiveLeases;
}

export interface DeletedRegistry {
  readonly deletedId: string;
  readonly url: string;
}

/**
 * Counts every lease that was issued before the deletion was requested. A lease that is being issued at the same moment
 * may not count, but then its pipeline gets the secret either before the deletion or not at all.
 */
export function deleteRegistryUseCase({ handle, countActiveLeases }: DeleteRegistryDeps) {
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
        return decideDelete(current, { force: command.force, activeLeases: await countActiveLeases(live) });
      },
    });
    if (state.phase !== 'deleted') throw new Error('a deletion must leave a deleted registry');
    return { deletedId: registryId, url: state.url };
  };
}
