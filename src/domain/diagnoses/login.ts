import type { Diagnosis } from '../providers/profile.ts';

export const LOGIN_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'SINGLE_USE_TOKEN',
    cause:
      'This registry gives single-use tokens: with each login it hands out a new one and spends the one before. They cannot be stored here.',
    fix: 'Use a password or an access token in place of `<token>`. The one that was tested is spent.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'OTHER_PROVIDERS_TOKEN',
    cause: "The registry refused the login, and the password looks like another provider's token.",
    fix: 'Check that the URL and the token belong together.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'TRAILING_LINE_BREAK',
    cause: 'The registry refused the login, and the password ends with a line break, which was sent as a part of it.',
    fix: 'Enter it without the line break, which often comes from a file, a terminal or `echo`.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    cause: 'The registry does not accept this user name with this password.',
    fix: 'Check both with `docker login`. Both are case-sensitive.',
  },
  {
    outcome: 'EXPIRED',
    cause: 'This token has expired, by its own expiry date.',
    fix: 'Create a new token where you got this one, and rotate the credential.',
  },
  {
    outcome: 'OK',
    detail: 'NO_LOGIN_ASKED',
    cause: 'The registry did not ask for a login, so the password could not be checked.',
    fix: 'Name a repository in a test: a registry that everyone may read can still ask for a login to push. To store the credential without proof, leave out `verify`.',
  },
];
