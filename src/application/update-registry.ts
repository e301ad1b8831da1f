import { badUserInput } from '../domain/errors.ts';
import { checkUsername } from '../domain/providers.ts';
import { decideUpdate, existing } from '../domain/registry.ts';
import { registryView } from '../domain/registry-view.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { UpdateRegistryCommand } from './application.ts';
import { idempotentRequest } from './idempotency.ts';
import { liveRegistryOf } from './own-registry.ts';
import type { RegistryView } from './ports/read-models.ts';
import type { HandleRegistryCommand } from './registry-commands.ts';
import { checkCredential, checkDetails, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import { refuseUnbuilt } from './unbuilt.ts';

export interface UpdateRegistryParts {
  readonly handle: HandleRegistryCommand;
  readonly aggregates: Aggregates;
}

export function updateRegistryUseCase({ handle, aggregates }: UpdateRegistryParts) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: UpdateRegistryCommand,
  ): Promise<RegistryView> => {
    const { registryId, provider, url, username: storedUsername } = await liveRegistryOf(aggregates, projectId, id);
    if (command.username === null) throw badUserInput('username', 'A registry needs a username: it cannot be cleared.');
    const details = checkDetails(command, url);
    const username = command.username === undefined ? undefined : checkText('username', command.username, { max: 255 });
    if (username !== undefined) checkUsername(provider, username);
    const expiresAt = checkExpiresAt(command.expiresAt);
    const entered = command.password && !command.password.isBlank ? command.password : undefined;
    // A new password brings its own expiry: the old one's says nothing about it.
    const checked = entered && checkCredential(provider, username ?? storedUsername, entered, expiresAt ?? null);
    refuseUnbuilt(command);

    const outcome = await handle(context, {
      projectId,
      registryId,
      url,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'updateRegistry', registryId, command),
      password: checked?.password,
      decide: (state) =>
        decideUpdate(state, {
          details: { ...details, username },
          expiresAt,
          credential: checked?.proposed ?? null,
        }),
    });
    return registryView(existing(outcome.state), outcome.revision);
  };
}
