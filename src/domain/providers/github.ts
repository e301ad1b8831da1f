import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

export const github: ProviderProfile = {
  description: 'GitHub Container Registry: ghcr.io, or GitHub Enterprise on your own host.',
  registries: [
    { name: 'GitHub Container Registry', urlPatterns: ['ghcr.io'], host: /^ghcr\.io$/ },
    {
      name: 'GitHub Enterprise',
      urlPatterns: ['containers.<tenant>.ghe.com', 'containers.<your GitHub host>'],
      host: /^containers\.[a-z0-9-]+\.ghe\.com$/,
    },
  ],
  declarable: true,
  documentation:
    'https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry',
  address: { webSites: { 'github.com': 'ghcr.io' } },
  username: { hint: 'GitHub login' },
  password: {
    hint: 'Classic personal access token (ghp_…) with read:packages or write:packages; fine-grained ones do not work',
    tokens: [{ shape: /^(?:gh[pousr]|github_pat)_[\x21-\x7e]+$/, tells: 'ISSUER' }],
    refuses: 'ALL_BUT_OWN_TOKENS',
    warnings: (text) => {
      if (text.startsWith('github_pat_')) {
        return ["GitHub's registry does not accept fine-grained personal access tokens. Use a classic one (ghp_…)."];
      }
      return text.startsWith('ghs_')
        ? ['This token of a GitHub app or of a workflow run is valid for an hour at most.']
        : [];
    },
    refusedAs: (text) => (text.startsWith('github_pat_') ? 'FINE_GRAINED_TOKEN' : null),
  },
  // Bad credentials and missing rights both get 403 with `denied`. A token's text does not show whether it can push.
  probe: { ...BY_THE_BOOK, token: 'OPAQUE' },
  // Only for personal access tokens.
  expiry: { api: 'GITHUB', passwords: /^ghp_/ },
  mintKinds: ['GITHUB_APP'],
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'ACCOUNT_PASSWORD',
      cause: "GitHub's registry accepts only tokens; this password is not one.",
      fix: 'Use a classic personal access token (ghp_…) with read:packages, and write:packages to push.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'FINE_GRAINED_TOKEN',
      cause: "GitHub's registry does not accept fine-grained personal access tokens.",
      fix: 'Use a classic one (ghp_…) with read:packages, and write:packages to push.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'GitHub refused the login: the token was revoked, has expired, or belongs to another account.',
      fix: 'Use a classic personal access token (ghp_…) with read:packages, and write:packages to push. If the organization uses single sign-on, authorize the token for it.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      detail: 'FINE_GRAINED_TOKEN',
      cause: "A fine-grained personal access token has no rights to packages in GitHub's registry.",
      fix: 'Use a classic one (ghp_…) with read:packages, and write:packages to push.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The token lacks write:packages (or read:packages to pull), or the package does not let its account in.',
      fix: "Give a classic token write:packages, and in the package's settings add the account, or the repository whose workflow pushes, with the role Write.",
    },
  ],
};

/** The API of the GitHub that a registry belongs to: GitHub Enterprise has its registry on a host below its own. */
export function gitHubApi(url: string): string {
  if (url === 'ghcr.io') return 'https://api.github.com';
  const site = url.replace(/^containers\./, '');
  return site.endsWith('.ghe.com') ? `https://api.${site}` : `https://${site}/api/v3`;
}
