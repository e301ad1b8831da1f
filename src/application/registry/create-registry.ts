import type { MintConfig } from '../../domain/credential.ts';
import { checkUsernameText } from '../../domain/entered-credential.ts';
import { federatedLogin, requirePassword, requireUsername } from '../../domain/entered-login.ts';
import { registryId } from '../../domain/identity.ts';
import type { Instant } from '../../domain/instant.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { resolveProvider } from '../../domain/providers.ts';
import { decideCreate } from '../../domain/registry.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { parseRegistryUrl } from '../../domain/registry-url.ts';
import type { Secret } from '../../domain/secret.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandleRegistryCommand } from './registry-command-handler.ts';
import { checkCredential, checkDetails, checkExpiresAt } from './registry-details.ts';
import type { BeginVerification } from './verification.ts';

/** `undefined` means left out and `null` means cleared, wherever both are possible. */
export interface CreateRegistryCommand {
  readonly url: string;
  readonly username: string | null | undefined;
  readonly password: Secret | null | undefined;
  readonly mint: MintConfig | null | undefined;
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
  readonly email: string | null | undefined;
  readonly access: RegistryAccess | null | undefined;
  readonly provider: RegistryProvider | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly authRealmHost: string | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly rotateEveryDays: number | null | undefined;
  readonly verify: boolean;
  readonly idempotencyKey: string | null | undefined;
}

export interface CreateRegistryDeps {
  readonly handle: HandleRegistryCommand;
  readonly beginVerification: BeginVerification;
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Whether the service has an issuer, so that passwords can be minted without a stored secret. */
  readonly offersFederation: boolean;
}

export function createRegistryUseCase(deps: CreateRegistryDeps) {
  const { handle, beginVerification, plainHttpHosts, offersFederation } = deps;
  return async (context: RequestContext, projectId: string, command: CreateRegistryCommand): Promise<RegistryView> => {
    const { url } = parseRegistryUrl(command.url, { plainHttpHosts });
    const provider = resolveProvider(url, command.provider ?? undefined);
    const details = checkDetails(command, url);
    const mint = command.mint ?? null;
    const federated = federatedLogin(command, mint, offersFederation);
    const username = federated?.username ?? checkUsernameText(requireUsername(command.username, mint));
    const entered = federated?.password ?? requirePassword(command.password, mint);
    const expiresAt = checkExpiresAt(command.expiresAt) ?? null;
    const { password, proposed } = checkCredential(provider, username, entered, { expiresAt, mint });
    const caCertificate = details.caCertificate ?? null;
    const authRealmHost = details.authRealmHost ?? null;
    const access = details.access ?? 'PULL_AND_PUSH';
    const verification = beginVerification(context, projectId, command.verify);

    const id = registryId(projectId, url);
    const outcome = await handle(context, {
      projectId,
      registryId: id,
      url,
      idempotent: idempotentRequest(context, projectId, 'createRegistry', null, command),
      password: () => password,
      decide: async (state) => {
        const decision = decideCreate(state, {
          registryId: id,
          projectId,
          url,
          enteredUrl: command.url.trim(),
          provider,
          username,
          name: details.name ?? url,
          description: details.description ?? null,
          email: details.email ?? null,
          access,
          caCertificate,
          authRealmHost,
          rotateEveryDays: details.rotateEveryDays ?? null,
          credential: proposed,
        });
        const login = { username, password };
        await verification.require({ url, provider, ...login, caCertificate, authRealmHost, access }, mint);
        return decision;
      },
    });
    return verification.answer(outcome);
  };
}
