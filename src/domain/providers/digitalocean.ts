import type { ProviderProfile } from './profile.ts';

export const digitalocean: ProviderProfile = {
  description: 'DigitalOcean Container Registry.',
  registries: [
    {
      name: 'DigitalOcean Container Registry',
      urlPatterns: ['registry.digitalocean.com'],
      host: /^registry\.digitalocean\.com$/,
    },
  ],
  documentation: 'https://docs.digitalocean.com/products/container-registry/how-to/use-registry-docker-kubernetes/',
  tokenHost: () => 'api.digitalocean.com',
  username: { hint: 'The API token, or the e-mail address of the account' },
  password: {
    hint: 'API token (dop_v1_…)',
    tokens: [{ shape: /^do[opr]_v1_[\x21-\x7e]+$/, tells: 'ISSUER' }],
    refuses: 'FOREIGN_TOKENS',
  },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'DigitalOcean refused the login: the API token was revoked or has expired.',
      fix: 'Create a new API token (dop_v1_…) with access to the registry. It can serve as both user name and password.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The API token may not do this in the registry.',
      fix: 'Create a token with write access to the registry, and check that the image path begins with the name of the registry.',
    },
  ],
};
