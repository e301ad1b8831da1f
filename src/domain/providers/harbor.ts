import type { ProviderProfile } from './profile.ts';

export const harbor: ProviderProfile = {
  description: 'Harbor.',
  registries: [{ name: 'Harbor', urlPatterns: ['<your Harbor host>'], host: null }],
  documentation: 'https://goharbor.io/docs/2.5.0/working-with-projects/project-configuration/create-robot-accounts/',
  declarable: true,
  username: { hint: 'Robot account robot$<name> or robot$<project>+<name>', ofTokens: /^robot\$/ },
  password: { hint: "The robot account's secret" },
  // With a scope it answers 200 even to bad credentials, so only the login without one tells; and with all the actions
  // that somebody has, asked for or not.
  // Of robot accounts, whatever prefix their names have here.
  expiry: { api: 'HARBOR', usernames: /\$/ },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Harbor refused the login: the robot account is disabled or has expired, or its name is not whole.',
      fix: 'Enter the name with its prefix, such as robot$project+name. Refresh the secret in Harbor where the account has expired; people who log in through OIDC use their CLI secret.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The project does not exist, or does not let this account in.',
      fix: 'Make the project first if it does not exist, and give the robot account Push Repository and Pull Repository in it. The image path begins with the name of the project.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such project.',
      fix: 'Make the project first: its name is the first part of the image path. Repositories in it come with their first push.',
    },
  ],
};
