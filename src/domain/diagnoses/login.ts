import type { Diagnosis } from '../providers/profile.ts';

export const LOGIN_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'OTHER_PROVIDERS_TOKEN',
    cause: "The registry refused the login, and the password looks like another provider's token.",
    fix: 'Check that URL and token belong together.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    cause: 'The registry does not know this user name with this password.',
    fix: 'Check both by logging in with `docker login`. Upper and lower case count in either.',
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
    fix: 'Name a repository in a test: registries that let everybody read may still ask for a login to push. To store the credential unproved, leave `verify` out.',
  },
];
