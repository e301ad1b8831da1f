import { enumType } from '../pipeline/enum-type.ts';

export const RegistryProvider = enumType('RegistryProvider', [
  'DOCKER_HUB',
  'GITHUB',
  'GITLAB',
  'GOOGLE',
  'AMAZON_ECR',
  'AMAZON_ECR_PUBLIC',
  'AZURE',
  'QUAY',
  'HARBOR',
  'ARTIFACTORY',
  'DIGITALOCEAN',
  'GENERIC',
]);
export const RegistryAccess = enumType(
  'RegistryAccess',
  ['PULL', 'PULL_AND_PUSH'],
  'What the credential is meant for. PULL is the least privilege: a push lease on it is refused.',
);
export const CredentialKind = enumType('CredentialKind', ['PASSWORD', 'TOKEN', 'SERVICE_ACCOUNT_KEY', 'MINTED']);
export const CredentialStatus = enumType('CredentialStatus', [
  'ACTIVE',
  'EXPIRING',
  'EXPIRED',
  'FAILING',
  'NEEDS_CREDENTIAL',
]);
export const ExpirySource = enumType(
  'ExpirySource',
  ['DECLARED', 'SECRET', 'REGISTRY', 'MINTED'],
  'Where an expiry date comes from.',
);
