import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

export const quay: ProviderProfile = {
  description: 'quay.io, or Quay on your own host.',
  registries: [{ name: 'Quay', urlPatterns: ['quay.io', '<your Quay host>'], host: /^quay\.io$/ }],
  documentation: 'https://docs.quay.io/glossary/robot-accounts.html',
  declarable: true,
  username: {
    hint: 'Robot account <organization>+<robot>; $oauthtoken or $app for a token',
    ofTokens: /^(?:\$(?:oauthtoken|app|token)|[^+]+\+[^+]+)$/,
  },
  password: { hint: "The robot account's token, an OAuth token or an encrypted password" },
  probe: { ...BY_THE_BOOK, askForPush: 'WHERE_IT_EXISTS', telltaleRealm: /\/v2\/auth\/?(?:\?|$)/ },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Quay does not know this account with this token.',
      fix: "Copy user name and token of the robot account again: the name is <organization>+<robot>, and a regenerated token ends the one before it. A person's password must be an encrypted one.",
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The repository does not exist, or does not let this account in.',
      fix: 'Make the repository first if it does not exist, then give the robot account Write, or Read to pull only. A test tries no push that would make a repository.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such repository, and a test must not make one.',
      fix: 'Make it first, or push to it once, if the account may create repositories.',
    },
  ],
};
