import { decideAbandon } from '../../domain/rotation.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import type { BeginVerification } from './verification.ts';

export interface AbandonStagedCredentialCommand {
  readonly version: number;
  readonly idempotencyKey: string | null | undefined;
}

export interface AbandonStagedCredentialDeps {
  readonly handle: HandleRegistryCommand;
  readonly beginVerification: BeginVerification;
}

/** Destroys the staged version. */
export function abandonStagedCredentialUseCase({ handle, beginVerification }: AbandonStagedCredentialDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: AbandonStagedCredentialCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    const outcome = await handle(context, {
      projectId,
      registryId,
      idempotent: idempotentRequest(context, projectId, 'abandonStagedCredential', registryId, command),
      password: () => undefined,
      decide: (state) => decideAbandon(state, command.version),
    });
    return beginVerification(context, projectId, false).answer(outcome);
  };
}
