import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

export const quay: ProviderProfile = {
  description: 'quay.io, or Quay on your own host.',
  registries: [{ name: 'Quay', urlPatterns: ['quay.io', '<your Quay host>'], host: /^quay\.io$/ }],
  documentation: 'https://docs.quay.io/glossary/robot-accounts.html',
  declarable: true,
  mintKinds: ['QUAY'],
  username: {
    hint: 'Robot account <organization>+<robot>; $oauthtoken or $app for a token',
    ofTokens: /^(?:\$(?:oauthtoken|app|token)|[^+]+\+[^+]+)$/,
  },
  password: { hint: "The robot account's token, an OAuth token or an encrypted password" },
  probe: { ...BY_THE_BOOK, askForPush: 'WHERE_IT_EXISTS', telltaleRealm: /\/v2\/auth\/?(?:\?|$)/ },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Quay does not accept this account with this token.',
      fix: 'Copy the user name and token of the robot account again. The name is <organization>+<robot>, and a regenerated token replaces the one before it. People must use an encrypted password.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The repository does not exist, or this account has no access to it.',
      fix: 'Create the repository first if it does not exist, then give the robot account Write, or Read to pull only. A test never tries a push that would create a repository.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such repository, and a test must not create one.',
      fix: 'Create it first. If the account may create repositories, one push does it.',
    },
  ],
};
