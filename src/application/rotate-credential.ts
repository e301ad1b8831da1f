import { badUserInput } from '../domain/errors.ts';
import { decideRotate, existing } from '../domain/registry.ts';
import { registryView } from '../domain/registry-view.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { RotateCredentialCommand } from './application.ts';
import { idempotentRequest } from './idempotency.ts';
import { liveRegistryOf } from './own-registry.ts';
import type { LeaseQueries, RegistryView } from './ports/read-models.ts';
import type { HandleRegistryCommand } from './registry-commands.ts';
import { checkCredential, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import { refuseUnbuilt } from './unbuilt.ts';

export interface RotateCredentialParts {
  readonly handle: HandleRegistryCommand;
  readonly aggregates: Aggregates;
  readonly leases: LeaseQueries;
}

export function rotateCredentialUseCase({ handle, aggregates, leases }: RotateCredentialParts) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: RotateCredentialCommand,
  ): Promise<RegistryView> => {
    const { registryId, provider, url, username: storedUsername } = await liveRegistryOf(aggregates, projectId, id);
    if (command.password.isBlank) throw badUserInput('password', 'Rotating needs the new password.');
    const username = command.username == null ? undefined : checkText('username', command.username, { max: 255 });
    const expiresAt = checkExpiresAt(command.expiresAt) ?? null;
    const { password, proposed } = checkCredential(provider, username ?? storedUsername, command.password, expiresAt);
    refuseUnbuilt(command);

    const outcome = await handle(context, {
      projectId,
      registryId,
      url,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'rotateCredential', registryId, command),
      password,
      decide: async (state) =>
        decideRotate(state, {
          username,
          credential: proposed,
          refusedWhileLeased: command.whenInUse === 'REFUSE' ? await leases.countActive(registryId) : 0,
        }),
    });
    return registryView(existing(outcome.state), outcome.revision);
  };
}
