import { AMAZON, type Diagnosis } from './entry.ts';

/** The first that fits is the one: the particular before the general. */
export const LOGIN_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'ACCOUNT_PASSWORD',
    providers: ['DOCKER_HUB'],
    cause: 'Docker Hub refused the login, and the password is not an access token.',
    fix: 'Make a personal access token (dckr_pat_…) in the account settings on hub.docker.com and enter it in place of the password, with the Docker ID as user name.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'ACCOUNT_PASSWORD',
    providers: ['GITHUB'],
    cause: 'ghcr.io takes tokens only, and this password is none.',
    fix: 'Use a classic personal access token (ghp_…) with read:packages, and write:packages to push.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'FINE_GRAINED_TOKEN',
    providers: ['GITHUB'],
    cause: 'ghcr.io does not accept fine-grained personal access tokens.',
    fix: 'Use a classic one (ghp_…) with read:packages, and write:packages to push.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'OTHER_PROVIDERS_TOKEN',
    cause: "The registry refused the login, and the password looks like another provider's token.",
    fix: 'Check that URL and token belong together.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'REQUOTED_KEY',
    providers: ['GOOGLE'],
    cause: 'The service-account key was put in quotes once more on its way here, so that it is no longer JSON.',
    fix: 'Paste the file as it was downloaded, without quotes around it and without backslashes, or its base64 with the user name _json_key_base64.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'BROKEN_KEY',
    providers: ['GOOGLE'],
    cause: 'The service-account key is not whole: it is no valid JSON, or lacks a field.',
    fix: 'Paste the file as it was downloaded, from the first brace to the last, with the user name _json_key.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['DOCKER_HUB'],
    cause: 'Docker Hub does not know this user name with this token.',
    fix: "Check that the user name is the Docker ID rather than an e-mail address (for an organization's token the organization's name), and that the token was not deactivated.",
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['GITHUB'],
    cause: 'ghcr.io refused the login: the token was revoked, has expired, or is not of this account.',
    fix: 'Use a classic personal access token (ghp_…) with read:packages, and write:packages to push; an organization with single sign-on must have authorized it.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['GITLAB'],
    cause: 'GitLab refused the login: the token was revoked, has expired, or was typed wrong.',
    fix: 'Use an access token or a deploy token with read_registry, and write_registry to push. A deploy token goes with its own user name, gitlab+deploy-token-<n>.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['GOOGLE'],
    cause: 'Google refused the login: the key was deleted, or the access token is older than an hour.',
    fix: 'Check that the service account and this key of it still exist. Use _json_key with the whole JSON file, or oauth2accesstoken with a fresh access token.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: AMAZON,
    cause:
      'Amazon ECR refused the login: the password is not one of its own, or was made for another account or region.',
    fix: 'Enter what `aws ecr get-login-password` prints for this account and region, with the user name AWS, or have passwords minted from an access key with `mint`.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['AZURE'],
    cause:
      "Azure refused the login: the service principal's secret has ended, or the token or admin user is switched off.",
    fix: "Check the user name (application id, token name, or the registry's name for the admin user) and make a new secret for it.",
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['QUAY'],
    cause: 'Quay does not know this account with this token.',
    fix: "Copy user name and token of the robot account again: the name is <organization>+<robot>, and a regenerated token ends the one before it. A person's password must be an encrypted one.",
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['HARBOR'],
    cause: 'Harbor refused the login: the robot account is disabled or has expired, or its name is not whole.',
    fix: 'Enter the name with its prefix, such as robot$project+name. Refresh the secret in Harbor where the account has expired; people who log in through OIDC use their CLI secret.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['ARTIFACTORY'],
    cause: 'Artifactory refused the login.',
    fix: 'Use an identity token with the user name that it belongs to; API keys and tokens end when they are revoked or the user is locked.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    providers: ['DIGITALOCEAN'],
    cause: 'DigitalOcean refused the login: the API token was revoked or has expired.',
    fix: 'Make a new API token (dop_v1_…) with access to the registry. It can serve as user name and password alike.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    cause: 'The registry does not know this user name with this password.',
    fix: 'Check both by logging in with `docker login`. Upper and lower case count in either.',
  },
  {
    outcome: 'EXPIRED',
    providers: AMAZON,
    cause: 'A password of Amazon ECR is valid for 12 hours, and the time of this one has passed.',
    fix: 'Enter a new one (`aws ecr get-login-password`), or have passwords minted from an access key with `mint`.',
  },
  {
    outcome: 'EXPIRED',
    providers: ['GOOGLE'],
    cause: 'The time of this access token has passed: it is valid for an hour at most.',
    fix: 'Use a service-account key, or have tokens minted from one with `mint`.',
  },
  {
    outcome: 'EXPIRED',
    cause: 'The time of this token has passed, as it says itself.',
    fix: 'Make a new one where this one came from, and rotate the credential.',
  },
  {
    outcome: 'OK',
    detail: 'NO_LOGIN_ASKED',
    cause: 'The registry asks nobody for a login, so the password could not be checked.',
    fix: 'Name a repository in a test: registries that let everybody read may still ask whoever pushes. To store the credential unproved, leave `verify` out.',
  },
];
