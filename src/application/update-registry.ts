import { badUserInput } from '../domain/errors.ts';
import { checkUsername } from '../domain/providers.ts';
import { decideUpdate, existing } from '../domain/registry.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { UpdateRegistryCommand } from './application.ts';
import { idempotentRequest } from './idempotency.ts';
import type { StoredCredentialOf } from './login-credential.ts';
import { liveRegistryOf } from './own-registry.ts';
import type { RegistryView } from './ports/read-models.ts';
import type { HandleRegistryCommand } from './registry-commands.ts';
import { checkCredential, checkDetails, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import type { BeginVerification } from './verification.ts';

export interface UpdateRegistryParts {
  readonly handle: HandleRegistryCommand;
  readonly aggregates: Aggregates;
  readonly storedCredential: StoredCredentialOf;
  readonly beginVerification: BeginVerification;
}

export function updateRegistryUseCase(parts: UpdateRegistryParts) {
  const { handle, aggregates, storedCredential, beginVerification } = parts;
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: UpdateRegistryCommand,
  ): Promise<RegistryView> => {
    const stored = await liveRegistryOf(aggregates, projectId, id);
    const { registryId, provider, url } = stored;
    const { mint } = stored.credential;
    if (command.username === null) throw badUserInput('username', 'A registry needs a username: it cannot be cleared.');
    const details = checkDetails(command, url);
    const username = command.username === undefined ? undefined : checkText('username', command.username, { max: 255 });
    if (username !== undefined) checkUsername(provider, username, { minted: mint !== null });
    const expiresAt = checkExpiresAt(command.expiresAt);
    const entered = command.password && !command.password.isBlank ? command.password : undefined;
    // A new password brings its own expiry: the old one's says nothing about it.
    const checked =
      entered &&
      checkCredential(provider, username ?? stored.username, entered, { expiresAt: expiresAt ?? null, mint });
    const verification = beginVerification(projectId, command.verify);

    const outcome = await handle(context, {
      projectId,
      registryId,
      url,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'updateRegistry', registryId, command),
      password: checked?.password,
      decide: async (state) => {
        const decision = decideUpdate(state, {
          details: { ...details, username },
          expiresAt,
          credential: checked?.proposed ?? null,
        });
        if (command.verify) {
          const live = existing(state);
          const login = {
            username: username ?? live.username,
            password: checked?.password ?? (await storedCredential(live)).password,
          };
          const caCertificate = details.caCertificate === undefined ? live.caCertificate : details.caCertificate;
          const access = details.access ?? live.access;
          await verification.require({ url, provider, ...login, caCertificate, access }, mint);
        }
        return decision;
      },
    });
    return verification.answer(context, outcome);
  };
}
