import type { CredentialForm, LeasePurpose } from '../../domain/credential.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { EffectiveCredential, OpenEffectiveCredential } from '../credential/effective-credential.ts';
import type { RegistryTokens } from '../credential/registry-tokens.ts';
import type { AuthorisedRegistry } from '../credential/stored-secrets.ts';
import { elsewhere } from '../operation-time.ts';
import type { RequestContext } from '../request-context.ts';

export interface AskForLogin extends AuthorisedRegistry {
  readonly context: RequestContext;
  /** Undefined if only a registry was named: then the form is PASSWORD. */
  readonly repository: string | undefined;
  readonly issue: { readonly purpose: LeasePurpose; readonly form: CredentialForm };
}

/** What is handed out: the password, or a token in its place. Undefined if the secret is gone. */
export type OpenIssuedLogin = (
  ask: AskForLogin,
  registry: LiveRegistry,
  /** How long the caller expects to use a password, in milliseconds. */
  neededMs: number,
) => Promise<EffectiveCredential | undefined>;

export function openIssuedLogin(
  effectiveCredential: OpenEffectiveCredential,
  registryTokens: RegistryTokens,
): OpenIssuedLogin {
  return async (ask, registry, neededMs) => {
    const { context, repository, issue } = ask;
    const { purpose, form } = issue;
    const open = (ms?: number) => effectiveCredential(ask, registry, purpose, ms);
    // A cloud that mints a password has its own limits.
    const opened = (ms?: number) => (registry.credential.mint === null ? open(ms) : elsewhere(context, () => open(ms)));
    if (form === 'PASSWORD') return opened(neededMs);
    if (repository === undefined) throw new Error('a registry token is for a repository');
    const login = await opened();
    // And so has the registry.
    return login && elsewhere(context, () => registryTokens(registry, login, { repository, purpose }));
  };
}
