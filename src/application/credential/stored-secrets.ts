import type { SecretRef } from '../../domain/credential.ts';
import { PurserError } from '../../domain/errors.ts';
import { registryId as derivedRegistryId } from '../../domain/identity.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { type LoginCredential, type SecretBinding, SecretIntegrityError, type Vault } from '../ports/vault.ts';

/** The registry that the request is for: its project was authorised, and the id was entered or derives from the URL. */
export interface AuthorisedRegistry {
  readonly projectId: string;
  readonly registryId: string;
}

/** The only way from a registry to its secret. Every use of a stored secret goes through `bindingFor`. */
export interface StoredSecrets {
  /**
   * What the registry's secret is bound to, by the request. A registry that names another project, id or URL has none.
   * @throws PurserError CREDENTIAL_UNAVAILABLE, after the operator was told
   */
  bindingFor(authorised: AuthorisedRegistry, registry: LiveRegistry): SecretBinding;
  /**
   * Undefined if the secret was destroyed or its row is missing.
   * @throws PurserError CREDENTIAL_UNAVAILABLE if the row does not open, after the operator was told
   */
  open(authorised: AuthorisedRegistry, registry: LiveRegistry): Promise<LoginCredential | undefined>;
  /** Like `open`. @throws PurserError CREDENTIAL_UNAVAILABLE if the secret is missing */
  openExisting(authorised: AuthorisedRegistry, registry: LiveRegistry): Promise<LoginCredential>;
  /** Seals the secret of a new version; `url` is canonical. */
  seal(
    authorised: AuthorisedRegistry & { readonly url: string },
    version: number,
    credential: LoginCredential,
  ): Promise<SecretRef>;
}

export function createStoredSecrets(
  vault: Pick<Vault, 'open' | 'seal'>,
  onFault: (error: unknown) => void,
): StoredSecrets {
  function bindingFor(authorised: AuthorisedRegistry, registry: LiveRegistry): SecretBinding {
    if (registry.projectId === authorised.projectId && registry.registryId === authorised.registryId) {
      const binding = bindingOf({ ...authorised, url: registry.url }, registry.credential.version);
      if (binding) return binding;
    }
    onFault(
      new SecretIntegrityError(`the events of registry ${authorised.registryId} name another one or its project`),
    );
    return missingSecret(registry.url);
  }

  async function open(authorised: AuthorisedRegistry, registry: LiveRegistry): Promise<LoginCredential | undefined> {
    const binding = bindingFor(authorised, registry);
    try {
      return await vault.open(binding, registry.credential);
    } catch (error) {
      if (!(error instanceof SecretIntegrityError)) throw error;
      onFault(error);
      return missingSecret(binding.host);
    }
  }

  return {
    bindingFor,
    open,
    openExisting: async (authorised, registry) => (await open(authorised, registry)) ?? missingSecret(registry.url),
    async seal(authorised, version, credential) {
      const binding = bindingOf(authorised, version);
      if (!binding) throw new Error(`registry ${authorised.registryId} does not belong to the URL of its new secret`);
      return vault.seal(binding, credential);
    },
  };
}

/** Undefined unless the id is the one of this project and URL. So project and id stand for the URL too. */
function bindingOf(
  { projectId, registryId, url }: AuthorisedRegistry & { readonly url: string },
  credentialVersion: number,
): SecretBinding | undefined {
  if (derivedRegistryId(projectId, url) !== registryId) return undefined;
  return { projectId, registryId, credentialVersion, host: url };
}

export function missingSecret(url: string): never {
  throw new PurserError('CREDENTIAL_UNAVAILABLE', `The stored password of ${url} is missing. Rotate the credential.`);
}
