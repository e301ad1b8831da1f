import { randomUUID } from 'node:crypto';
import { checkUsernameText } from '../domain/entered-credential.ts';
import { badUserInput } from '../domain/errors.ts';
import { existing, type LiveRegistry } from '../domain/registry.ts';
import { decideStage } from '../domain/rotation.ts';
import { idempotentRequest } from './idempotency.ts';
import type { CredentialIssuer, Successor } from './ports/credential-issuer.ts';
import type { RegistryView } from './ports/read-models.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import { type CheckedCredential, checkCredential, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import type { BeginVerification } from './verification.ts';

export interface StageCredentialCommand extends Successor {
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface StageCredentialDeps {
  readonly handle: HandleRegistryCommand;
  readonly issuerOf: (entered: Successor) => CredentialIssuer;
  readonly beginVerification: BeginVerification;
}

/** Seals the next version beside the current one. It is tested when it is activated. */
export function stageCredentialUseCase({ handle, issuerOf, beginVerification }: StageCredentialDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: StageCredentialCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    const successor = await issuerOf(command).create({ projectId, registryId }, randomUUID());
    if (successor.password.isBlank) throw badUserInput('password', 'Staging needs the new password.');
    const username = successor.username == null ? undefined : checkUsernameText(successor.username);
    const expiresAt = checkExpiresAt(successor.expiresAt) ?? null;
    const checkedFor = ({ provider, credential, ...live }: LiveRegistry): CheckedCredential => {
      const mint = successor.mint === undefined ? credential.mint : successor.mint;
      return checkCredential(provider, username ?? live.username, successor.password, { expiresAt, mint });
    };

    const outcome = await handle(context, {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'stageCredential', registryId, command),
      password: (state) => checkedFor(existing(state)).password,
      decide: (state) => decideStage(state, { username, credential: checkedFor(existing(state)).proposed }),
    });
    return beginVerification(context, projectId, false).answer(outcome);
  };
}
