import { federatedLogin, requirePassword } from '../../domain/entered-login.ts';
import type { Secret } from '../../domain/secret.ts';
import { personAsIssuer } from '../credential/person-as-issuer.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { Successor } from '../ports/credential-issuer.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import { registryIdOf } from './registry-command-handler.ts';
import type { StageSuccessor } from './stage-successor.ts';
import type { BeginVerification } from './verification.ts';

export interface StageCredentialCommand extends Omit<Successor, 'password'> {
  readonly password: Secret | null | undefined;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface StageCredentialDeps {
  readonly stageSuccessor: StageSuccessor;
  readonly beginVerification: BeginVerification;
  /** Whether the service has an issuer, so that passwords can be minted without a stored secret. */
  readonly offersFederation: boolean;
}

/** Seals the next version beside the current one. It is tested when it is activated. */
export function stageCredentialUseCase(deps: StageCredentialDeps) {
  const { stageSuccessor, beginVerification, offersFederation } = deps;
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: StageCredentialCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    const login = federatedLogin(command, command.mint, offersFederation) ?? {
      username: command.username,
      password: requirePassword(
        command.password,
        command.mint,
        'Staging needs a new password or token: enter it as `password`.',
      ),
    };
    const outcome = await stageSuccessor(context, personAsIssuer({ ...command, ...login }), {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'stageCredential', registryId, command),
    });
    return beginVerification(context, projectId, false).answer(outcome);
  };
}
