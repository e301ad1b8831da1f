import type { MintConfig } from '../../domain/credential.ts';
import { checkUsernameText } from '../../domain/entered-credential.ts';
import { federatedLogin, requirePassword, usernameAfter } from '../../domain/entered-login.ts';
import type { Instant } from '../../domain/instant.ts';
import { existing, type LiveRegistry } from '../../domain/registry.ts';
import { decideRotate } from '../../domain/rotation.ts';
import type { Secret } from '../../domain/secret.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import { type ActiveLeases, NO_LEASES } from './active-leases.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import { type CheckedCredential, checkCredential, checkExpiresAt } from './registry-details.ts';
import type { BeginVerification } from './verification.ts';

/** `undefined` means left out and `null` means cleared, wherever both are possible. */
export interface RotateCredentialCommand {
  readonly password: Secret | null | undefined;
  readonly username: string | null | undefined;
  readonly mint: MintConfig | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly verify: boolean;
  readonly whenInUse: 'PROCEED' | 'REFUSE';
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface RotateCredentialDeps {
  readonly handle: HandleRegistryCommand;
  readonly activeLeases: Pick<ActiveLeases, 'named'>;
  readonly beginVerification: BeginVerification;
  /** Whether the service has an issuer, so that passwords can be minted without a stored secret. */
  readonly offersFederation: boolean;
}

export function rotateCredentialUseCase(deps: RotateCredentialDeps) {
  const { handle, activeLeases, beginVerification, offersFederation } = deps;
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: RotateCredentialCommand,
  ): Promise<RegistryView> => {
    const registryId = registryIdOf(id);
    const federated = federatedLogin(command, command.mint, offersFederation);
    const entered =
      federated?.password ??
      requirePassword(
        command.password,
        command.mint,
        'Rotating needs a new password or token: enter it as `password`.',
      );
    const username =
      federated?.username ?? (command.username == null ? undefined : checkUsernameText(command.username));
    const expiresAt = checkExpiresAt(command.expiresAt) ?? null;
    const verification = beginVerification(context, projectId, command.verify);

    const mintFor = ({ credential }: LiveRegistry) => (command.mint === undefined ? credential.mint : command.mint);
    const usernameFor = (live: LiveRegistry) =>
      usernameAfter({ ...live, mint: live.credential.mint }, username, mintFor(live));
    const checkedFor = (live: LiveRegistry): CheckedCredential =>
      checkCredential(live.provider, usernameFor(live), entered, { expiresAt, mint: mintFor(live) });

    const outcome = await handle(context, {
      projectId,
      registryId,
      expectedRevision: command.expectedRevision,
      idempotent: idempotentRequest(context, projectId, 'rotateCredential', registryId, command),
      password: (state) => checkedFor(existing(state)).password,
      decide: async (state) => {
        const live = existing(state);
        const { password, proposed } = checkedFor(live);
        const inUse = command.whenInUse === 'REFUSE' ? await activeLeases.named(live) : NO_LEASES;
        const decision = decideRotate(state, {
          username,
          credential: proposed,
          refusedWhileLeased: inUse.activeLeases,
          leases: inUse.leases,
        });
        const { url, provider, caCertificate, authRealmHost, access } = live;
        const login = { username: usernameFor(live), password };
        const target = { url, provider, caCertificate, authRealmHost, access };
        await verification.require({ ...target, ...login }, mintFor(live));
        return decision;
      },
    });
    return verification.answer(outcome);
  };
}
