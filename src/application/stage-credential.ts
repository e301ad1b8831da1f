import { randomUUID } from 'node:crypto';
import { checkUsernameText } from '../domain/entered-credential.ts';
import { requirePassword } from '../domain/entered-login.ts';
import { existing, type LiveRegistry } from '../domain/registry.ts';
import { decideStage } from '../domain/rotation.ts';
import type { Secret } from '../domain/secret.ts';
import { idempotentRequest } from './idempotency.ts';
import type { CredentialIssuer, Successor } from './ports/credential-issuer.ts';
import type { RegistryView } from './ports/read-models.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import { type CheckedCredential, checkCredential, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import type { BeginVerification } from './verification.ts';

export interface StageCredentialCommand extends Omit<Successor, 'password'> {
  readonly password: Secret | null | undefined;
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
    const password = requirePassword(
      command.password,
      command.mint,
      'Staging needs a new password or token: enter it as `password`.',
    );
    const issuer = issuerOf({ ...command, password });
    const successor = await issuer.create({ projectId, registryId }, randomUUID());
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
