import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

// Both shapes, and the shape of a region, are those of scaleway-sdk-go's `validation`.
const SECRET_KEY = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const ACCESS_KEY = /^SCW[A-Z0-9]{17}$/;

export const scaleway: ProviderProfile = {
  description: 'Scaleway Container Registry.',
  registries: [
    {
      name: 'Scaleway Container Registry',
      urlPatterns: ['rg.fr-par.scw.cloud', 'rg.nl-ams.scw.cloud', 'rg.pl-waw.scw.cloud', 'rg.<region>.scw.cloud'],
      host: /^rg\.[a-z]{2}-[a-z]{3}\.scw\.cloud$/,
    },
  ],
  documentation: 'https://www.scaleway.com/en/docs/container-registry/how-to/connect-docker-cli/',
  // https://api.scaleway.com/registry-internal/v1/regions/<region>/tokens, for every region.
  tokenHost: () => 'api.scaleway.com',
  // The documentation's command has `-u nologin`; the access key works as well.
  username: { hint: 'nologin: the user name does not matter', ofTokens: /^(?:nologin|SCW[A-Z0-9]{17})$/ },
  password: {
    hint: 'Secret key of an API key (a UUID) with the permission set ContainerRegistryFullAccess or ContainerRegistryReadOnly',
    // Elsewhere a UUID is not a token.
    tokens: [{ shape: SECRET_KEY, tells: 'TOKEN_HERE' }],
    refuses: 'ALL_BUT_OWN_TOKENS',
    fault: (text) =>
      ACCESS_KEY.test(text.trim())
        ? 'This is the access key of an API key. Use its secret key, a UUID that Scaleway shows only once.'
        : undefined,
    warnings: (text) =>
      SECRET_KEY.test(text.trim())
        ? []
        : ["This does not look like the secret key of one of Scaleway's API keys, a UUID."],
  },
  // Clients report that the token server answers 404 to a wrong key.
  probe: { ...BY_THE_BOOK, refusedLogin: [401, 403, 404] },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'ACCOUNT_PASSWORD',
      cause: 'Scaleway refused the login, and the password is not the secret key of an API key.',
      fix: 'Create an API key in the console and enter its secret key, a UUID, as password. The user name does not matter.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause:
        'Scaleway refused the login: the API key was deleted or has expired, or its secret key was copied incorrectly.',
      fix: 'Check in the console that the API key still exists, or create a new one and enter its secret key.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The API key may not do this in the namespace.',
      fix: 'Give its application or user a policy with ContainerRegistryFullAccess, or ContainerRegistryReadOnly to pull only, in the project that the namespace belongs to.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such namespace in this region.',
      fix: 'Create the namespace first: its name is the first part of the image path. Images in it are created on their first push.',
    },
  ],
};
