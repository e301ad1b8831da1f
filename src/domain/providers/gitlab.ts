import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

export const gitlab: ProviderProfile = {
  description: 'GitLab Container Registry, on gitlab.com or on your own host.',
  registries: [
    {
      name: 'GitLab Container Registry',
      urlPatterns: ['registry.gitlab.com', 'registry.<your GitLab host>'],
      host: /^registry\.gitlab\.com$/,
    },
  ],
  documentation: 'https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/',
  declarable: true,
  address: { webSites: { 'gitlab.com': 'registry.gitlab.com' } },
  // GitLab itself makes the tokens.
  tokenHost: (hostname) => /^registry\.(.+)$/.exec(hostname)?.[1],
  username: {
    hint: 'GitLab user name; gitlab+deploy-token-<n> for a deploy token',
    ofTokens: /^gitlab\+deploy-token-\d+$/,
  },
  password: {
    hint: 'Access token (glpat-…) or deploy token (gldt-…) with read_registry or write_registry',
    tokens: [{ shape: /^gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|wt|soat|ffct)-[\x21-\x7e]+$/, tells: 'ISSUER' }],
    unusable: {
      shape: /^glcbt-/,
      why: 'This is the token of one GitLab CI job, which ends with the job. Use an access token or a deploy token.',
    },
  },
  probe: { ...BY_THE_BOOK, forbiddenLogin: 'MISSING_SCOPE' },
  // Only for personal access tokens.
  expiry: { api: 'GITLAB', passwords: /^glpat-/ },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'GitLab refused the login: the token was revoked, has expired, or was mistyped.',
      fix: 'Use an access token or a deploy token with read_registry, and write_registry to push. A deploy token goes with its own user name, gitlab+deploy-token-<n>.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      detail: 'TOKEN_WITHOUT_SCOPE',
      cause: 'The token has no scope for the registry.',
      fix: 'Create one with the scope read_registry, and write_registry to push.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause:
        'The token lacks read_registry or write_registry, its user is not at least Developer of the project, or no project has this path.',
      fix: 'Create a token with write_registry (read_registry to pull) in this project or group, and check that the image path begins with the path of a project whose registry is enabled.',
    },
  ],
};
