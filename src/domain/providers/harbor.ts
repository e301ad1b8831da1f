import type { ProviderProfile } from './profile.ts';

export const harbor: ProviderProfile = {
  description: 'Harbor.',
  registries: [{ name: 'Harbor', urlPatterns: ['<your Harbor host>'], host: null }],
  documentation: 'https://goharbor.io/docs/2.5.0/working-with-projects/project-configuration/create-robot-accounts/',
  declarable: true,
  username: { hint: 'Robot account robot$<name> or robot$<project>+<name>', ofTokens: /^robot\$/ },
  password: { hint: "The robot account's secret" },
  // With a scope, Harbor answers 200 even to bad credentials, so only a login without a scope tells. Its tokens grant
  // all actions that the account has, asked for or not.
  // Only for robot accounts. The prefix of their names differs between installations.
  expiry: { api: 'HARBOR', usernames: /\$/ },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Harbor refused the login: the robot account is disabled or has expired, or its name is incomplete.',
      fix: 'Enter the name with its prefix, such as robot$project+name. If the account has expired, refresh its secret in Harbor. People who log in through OIDC use their CLI secret.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The project does not exist, or this account has no access to it.',
      fix: 'Create the project first if it does not exist, and give the robot account Push Repository and Pull Repository in it. The image path begins with the name of the project.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such project.',
      fix: 'Create the project first: its name is the first part of the image path. Harbor creates repositories in it on their first push.',
    },
  ],
};
