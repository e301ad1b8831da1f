export const SIGN_IN = {
  title: 'Sign in',
  ended: 'Your session has ended',
  waiting: 'Signing in…',
  starting: 'Loading…',
  product: 'Purser',
  tagline: 'Container-registry credentials, kept and watched.',
  provider: (host: string) => `Sign in with ${host}`,
  reasons: {
    new: 'Sign in to see your registries.',
    'signed-out': 'You have signed out.',
    expired: 'You were signed out because your session has expired. You come back to the page that you were on.',
    refused: 'The service did not accept the token: it has expired, was revoked, or is for another service.',
    'link-used': 'This link has been used, or is older than a minute. Each link signs in once.',
    'link-lost':
      'The connection broke while this link signed you in, and now it is used up or older than a minute. Take another one.',
  },
  endedHint: 'What you see is as it was. Sign in again and go on where you were: nothing that you typed is lost.',
  development: {
    how: 'The service prints a link that signs you in when it starts. For another one, run this where the service is:',
    command: 'npm run -s console-link',
    reload: 'The token is kept in memory only: loading the page again needs another link.',
    paste: 'Or paste a link or a token',
    field: 'Link or token',
    submit: 'Sign in',
    unusable: 'This is neither a link with “#code=” nor a token with three parts.',
  },
  none: 'Nobody can sign in to this console',
  unavailable: 'The service does not answer',
  unavailableHint: 'It may be starting. This page tries again by itself.',
  retry: 'Try again',
  popup: 'The provider’s page opens in a window of its own.',
  handedOver: 'You are signed in',
  handedOverHint: 'You can close this window.',
  signOut: 'Sign out',
} as const;

const SHAPE = `"projects": {
  "my-project": ["iam:project:cicd:registry:read"]
}`;

export const NO_PROJECTS = {
  titles: {
    missing: 'Your token names no project',
    empty: 'Your token names no project',
    shape: 'Your token does not say what it grants',
    unknown: 'Your token cannot be read',
  },
  subject: (subject: string) => `You are signed in as ${subject}, but your token grants nothing here.`,
  faults: {
    missing: 'The access token has no claim “projects” (nor “project” with “permissions”).',
    empty: 'The claim “projects” of the access token names no project.',
    shape: 'The claim “projects” of the access token is not an object of lists.',
    unknown:
      'The access token is not a JWT, so its claims cannot be read. The provider makes JWTs for a service that it knows: CONSOLE_OIDC names it with “resource” or “audience”.',
  },
  expected: 'Whoever manages the provider has it add this claim to access tokens for Purser:',
  shape: SHAPE,
} as const;
