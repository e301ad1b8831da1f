import { existing } from '../../domain/registry.ts';
import { decideActivate, requireGrace, stagedAs, withStaged } from '../../domain/rotation.ts';
import type { CredentialComparison } from '../credential/credential-comparison.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import type { BeginVerification } from './verification.ts';

export interface ActivateCredentialCommand {
  readonly version: number;
  readonly verify: boolean;
  /** Whole minutes, 0 to 1440. */
  readonly graceMinutes: number;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface ActivateCredentialDeps {
  readonly handle: HandleRegistryCommand;
  readonly comparison: Pick<CredentialComparison, 'require'>;
  readonly beginVerification: BeginVerification;
  readonly sharedNow: SharedNow;
}

/** Makes the staged version current. `verify` refuses it if it proves less than the active one, tested at the same moment. */
export function activateCredentialUseCase(deps: ActivateCredentialDeps) {
  const { handle, comparison, beginVerification, sharedNow } = deps;

  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: ActivateCredentialCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    const verification = beginVerification(context, projectId, command.verify);
    const outcome = await handle(context, {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'activateCredential', registryId, command),
      password: () => undefined,
      decide: async (state) => {
        const live = existing(state);
        requireGrace(command.graceMinutes);
        const staged = withStaged(live, stagedAs(live, command.version));
        const versions = { staged, active: live };
        await verification.requireTest(() => comparison.require(context, { projectId, registryId }, versions));
        // The test may have taken long. The grace begins when it is over, by the clock that ends it.
        return decideActivate(live, command, await sharedNow());
      },
    });
    return verification.answer(outcome);
  };
}
