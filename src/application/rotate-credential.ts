import { badUserInput } from '../domain/errors.ts';
import { decideRotate, existing } from '../domain/registry.ts';
import { checkText } from '../domain/text-rules.ts';
import type { Aggregates } from './aggregates.ts';
import type { RotateCredentialCommand } from './application.ts';
import { idempotentRequest } from './idempotency.ts';
import { liveRegistryOf } from './own-registry.ts';
import type { LeaseQueries, RegistryView } from './ports/read-models.ts';
import type { HandleRegistryCommand } from './registry-commands.ts';
import { checkCredential, checkExpiresAt } from './registry-details.ts';
import type { RequestContext } from './request-context.ts';
import type { BeginVerification } from './verification.ts';

export interface RotateCredentialParts {
  readonly handle: HandleRegistryCommand;
  readonly aggregates: Aggregates;
  readonly leases: LeaseQueries;
  readonly beginVerification: BeginVerification;
}

export function rotateCredentialUseCase({ handle, aggregates, leases, beginVerification }: RotateCredentialParts) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: RotateCredentialCommand,
  ): Promise<RegistryView> => {
    const stored = await liveRegistryOf(aggregates, projectId, id);
    const { registryId, provider, url } = stored;
    const mint = command.mint === undefined ? stored.credential.mint : command.mint;
    if (command.password.isBlank) throw badUserInput('password', 'Rotating needs the new password.');
    const username = command.username == null ? undefined : checkText('username', command.username, { max: 255 });
    const expiresAt = checkExpiresAt(command.expiresAt) ?? null;
    const loginName = username ?? stored.username;
    const { password, proposed } = checkCredential(provider, loginName, command.password, { expiresAt, mint });
    const verification = beginVerification(projectId, command.verify);

    const outcome = await handle(context, {
      projectId,
      registryId,
      url,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'rotateCredential', registryId, command),
      password,
      decide: async (state) => {
        const decision = decideRotate(state, {
          username,
          credential: proposed,
          refusedWhileLeased: command.whenInUse === 'REFUSE' ? await leases.countActive(registryId) : 0,
        });
        const { caCertificate, access } = existing(state);
        await verification.require({ url, provider, username: loginName, password, caCertificate, access }, mint);
        return decision;
      },
    });
    return verification.answer(context, outcome);
  };
}
