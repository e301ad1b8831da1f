import type { ProviderProfile } from './profile.ts';

/** The canonical host. An image that names no registry is here. */
export const DOCKER_HUB = 'docker.io';
/** The namespace of official images, whose names leave it out. */
export const OFFICIAL_IMAGES = 'library';

export const dockerHub: ProviderProfile = {
  description: 'Docker Hub.',
  registries: [{ name: 'Docker Hub', urlPatterns: [DOCKER_HUB], host: /^docker\.io$/ }],
  documentation: 'https://docs.docker.com/security/access-tokens/',
  address: {
    aliases: { 'index.docker.io': DOCKER_HUB, 'registry-1.docker.io': DOCKER_HUB },
    webSites: { 'hub.docker.com': DOCKER_HUB, 'docker.com': DOCKER_HUB, 'www.docker.com': DOCKER_HUB },
    formerHosts: { 'registry.hub.docker.com': DOCKER_HUB },
    api: 'registry-1.docker.io',
    // docker/cli, configfile: the address of its first API.
    clientKey: 'https://index.docker.io/v1/',
    // distribution/reference, splitDockerDomain: case counts, and `registry-1.docker.io` is a host like any other.
    hostsOfClientKey: [DOCKER_HUB, 'index.docker.io'],
    defaultNamespace: OFFICIAL_IMAGES,
  },
  tokenHost: () => 'auth.docker.io',
  username: { hint: 'Docker ID; the name of the organization for an organization access token' },
  password: {
    hint: 'Personal access token (dckr_pat_…) or organization access token (dckr_oat_…)',
    tokens: [{ shape: /^dckr_(?:pat|oat)_[\x21-\x7e]+$/, tells: 'ISSUER' }],
    // Docker Hub refuses the password if the account has a second factor.
    refuses: 'ALL_BUT_OWN_TOKENS',
  },
  // It may grant less than was asked for, with status 200. Only the token tells, and probes read it by default.
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'ACCOUNT_PASSWORD',
      cause: 'Docker Hub refused the login, and the password is not an access token.',
      fix: 'Create a personal access token (dckr_pat_…) in the account settings on hub.docker.com and enter it in place of the password, with the Docker ID as user name.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Docker Hub does not accept this user name with this token.',
      fix: "Check that the user name is the Docker ID rather than an e-mail address (for an organization's token the organization's name), and that the token was not deactivated.",
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'Docker Hub does not let this token both pull and push here.',
      fix: 'Create an access token with Read & Write, and check that its account is a collaborator of the repository or in a team that may write to it.',
    },
    {
      outcome: 'NOT_A_REGISTRY',
      host: /^(?:[a-z0-9-]+\.)*docker\.com$/,
      cause: 'hub.docker.com is the web site of Docker Hub, not the registry.',
      fix: 'Use docker.io.',
    },
    {
      outcome: 'RATE_LIMITED',
      cause: 'Docker Hub accepts no more requests from this service for now.',
      fix: 'Wait a few minutes before the next test. Too many failed logins also lock an account for a while.',
    },
  ],
};
