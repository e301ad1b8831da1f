import type { CredentialKind, CredentialStatus, ExpirySource } from '../../domain/credential.ts';
import { PROVIDERS, type RegistryProvider } from '../../domain/providers/table.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const RegistryProviderEnum = enumType<RegistryProvider>(
  'RegistryProvider',
  'Who runs the registry, or which software it is. Most hosts show this; for your own hosts set `provider` in the input.',
  PROVIDERS,
);

export const RegistryAccessEnum = enumType<RegistryAccess>(
  'RegistryAccess',
  'What the credential is meant for. PULL is the least privilege: push leases are refused.',
  { PULL: 'Pulling images only.', PULL_AND_PUSH: 'Pulling and pushing images.' },
);

export const CredentialKindEnum = enumType<CredentialKind>(
  'CredentialKind',
  'What the stored secret is, judged by its shape and the input.',
  {
    PASSWORD: 'A password, or a secret of unknown shape.',
    TOKEN: 'An access token of the provider.',
    SERVICE_ACCOUNT_KEY: 'The JSON key of a Google service account.',
    MINTED: 'A long-lived cloud credential, from which short-lived registry passwords are minted.',
  },
);

export const CredentialStatusEnum = enumType<CredentialStatus>(
  'CredentialStatus',
  'The state of the current credential version at the time of the query.',
  {
    ACTIVE: 'No problem is known.',
    EXPIRING: 'It expires within 30 days, or within the last quarter of a life of under 2 days.',
    EXPIRED: 'Its expiry date has passed and it is no longer issued. Rotate it.',
    FAILING: 'The registry refused it in the last test.',
    NEEDS_CREDENTIAL: 'The stored secret is missing. Rotate the credential to store it again.',
  },
);

export const ExpirySourceEnum = enumType<ExpirySource>('ExpirySource', 'Where an expiry date comes from.', {
  DECLARED: 'A person gave it as `expiresAt`.',
  SECRET: 'It was read from the secret itself, such as the `exp` of a token.',
  REGISTRY: 'The registry reported it when the credential was tested.',
  MINTED: 'The cloud set it for the minted password.',
});
