import { checkUsername, checkUsernameText } from '../../domain/entered-credential.ts';
import { refuseLogin } from '../../domain/entered-login.ts';
import { badUserInput } from '../../domain/errors.ts';
import type { Instant } from '../../domain/instant.ts';
import { existing, type LiveRegistry } from '../../domain/registry.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { decideUpdate } from '../../domain/registry-update.ts';
import type { Secret } from '../../domain/secret.ts';
import type { StoredSecrets } from '../credential/stored-secrets.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import { type CheckedCredential, checkCredential, checkDetails, checkExpiresAt } from './registry-details.ts';
import type { BeginVerification } from './verification.ts';

/** `undefined` means left out and `null` means cleared, wherever both are possible. */
export interface UpdateRegistryCommand {
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
  readonly email: string | null | undefined;
  readonly username: string | null | undefined;
  readonly password: Secret | null | undefined;
  readonly access: RegistryAccess | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly authRealmHost: string | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly rotateEveryDays: number | null | undefined;
  readonly expectedRevision: number | null | undefined;
  readonly verify: boolean;
  readonly idempotencyKey: string | null | undefined;
}

export interface UpdateRegistryDeps {
  readonly handle: HandleRegistryCommand;
  readonly secrets: Pick<StoredSecrets, 'openExisting'>;
  readonly beginVerification: BeginVerification;
  readonly now: () => number;
}

export function updateRegistryUseCase(deps: UpdateRegistryDeps) {
  const { handle, secrets, beginVerification, now } = deps;
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: UpdateRegistryCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    if (command.username === null) throw badUserInput('username', 'A registry needs a username: it cannot be cleared.');
    const username = command.username === undefined ? undefined : checkUsernameText(command.username);
    const expiresAt = checkExpiresAt(command.expiresAt);
    const entered = command.password && !command.password.isBlank ? command.password : undefined;
    const verification = beginVerification(context, projectId, command.verify);

    const checkedFor = (live: LiveRegistry): CheckedCredential | undefined => {
      const { provider, credential } = live;
      const { mint } = credential;
      if (mint?.federated) refuseLogin(username, entered);
      if (username !== undefined) checkUsername(provider, username, mint?.kind);
      if (!entered) return undefined;
      const declared = expiresAt === undefined ? keptExpiry(live, now()) : expiresAt;
      return checkCredential(provider, username ?? live.username, entered, { expiresAt: declared, mint });
    };

    const outcome = await handle(context, {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'updateRegistry', registryId, command),
      password: (state) => checkedFor(existing(state))?.password,
      decide: async (state) => {
        const live = existing(state);
        const details = checkDetails(command, live.url);
        const checked = checkedFor(live);
        const decision = decideUpdate(state, {
          details: { ...details, username },
          expiresAt,
          credential: checked?.proposed ?? null,
        });
        if (command.verify) {
          const { url, provider, credential } = live;
          await verification.require(
            {
              url,
              provider,
              username: username ?? live.username,
              password: checked?.password ?? (await secrets.openExisting({ projectId, registryId }, live)).password,
              caCertificate: details.caCertificate === undefined ? live.caCertificate : details.caCertificate,
              authRealmHost: details.authRealmHost === undefined ? live.authRealmHost : details.authRealmHost,
              access: details.access ?? live.access,
            },
            credential.mint,
          );
        }
        return decision;
      },
    });
    return verification.answer(outcome);
  };
}

/**
 * If an update leaves out the date, the declared one stays with a new password, unless it has passed: a password that
 * is entered now has not expired. A date from the old secret or its registry says nothing about the new one.
 */
function keptExpiry({ credential }: LiveRegistry, now: number): Instant | null {
  const { expiresAt, expirySource } = credential;
  const declared = expirySource === 'DECLARED' && expiresAt !== null;
  return declared && Date.parse(expiresAt) > now ? expiresAt : null;
}
