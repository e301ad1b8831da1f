import type { ProviderProfile } from './profile.ts';

/** With this user name the password is a refresh token. */
export const REFRESH_TOKEN_USERNAME = '00000000-0000-0000-0000-000000000000';

export const azure: ProviderProfile = {
  description: 'Azure Container Registry.',
  registries: [
    {
      name: 'Azure Container Registry',
      urlPatterns: ['<registry>.azurecr.io', '<registry>.azurecr.us', '<registry>.azurecr.cn'],
      // A registry, a registry with a domain-name label, or one of its regions. `<n>.<region>.data.azurecr.io` serves
      // layers only and never takes a registry's credential.
      host: /^[a-z0-9]+(?:-[a-z0-9]+)?(?:\.[a-z0-9]+\.geo)?\.azurecr\.(?:io|cn|us)$/,
    },
  ],
  documentation: 'https://learn.microsoft.com/azure/container-registry/container-registry-authentication',
  address: {
    closed: {
      host: /^(?:.+\.)?azurecr\.de$/,
      why: "Azure's cloud in Germany (azurecr.de) was closed in 2021. Enter the registry that took its place, such as <registry>.azurecr.io.",
    },
  },
  username: {
    hint: "Service principal's application id, a token's name, or the registry's name for its admin user",
    ofTokens: new RegExp(`^${REFRESH_TOKEN_USERNAME}$`),
  },
  password: {
    hint: "Service principal's secret, the token's password, or the admin user's password",
    // A service principal's secret.
    tokens: [{ shape: /^[\w~.]{3}\dQ~[\w~.-]{31,34}$/, tells: 'TOKEN' }],
  },
  mintKinds: ['AZURE'],
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause:
        "Azure refused the login: the service principal's secret has expired, or the token or admin user is disabled.",
      fix: "Check the user name (application id, token name, or the registry's name for the admin user) and create a new secret for it.",
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The identity has no role that allows this in the registry.',
      fix: 'Grant it AcrPush, or AcrPull to pull only (in registries with ABAC: Container Registry Repository Writer or Reader); for a token, see its scope map.',
    },
  ],
};
