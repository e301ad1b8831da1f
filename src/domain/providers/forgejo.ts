import type { ProviderProfile } from './profile.ts';

export const forgejo: ProviderProfile = {
  description: 'Gitea or Forgejo, on codeberg.org or on your own host.',
  registries: [
    {
      name: 'Gitea and Forgejo',
      urlPatterns: ['codeberg.org', '<your Gitea or Forgejo host>'],
      host: /^codeberg\.org$/,
    },
  ],
  documentation: 'https://forgejo.org/docs/latest/user/packages/container/',
  declarable: true,
  // With a token, any user name works (services/auth/basic.go in both).
  username: { hint: 'User name of the account that the token belongs to' },
  password: {
    hint: 'Personal access token with the scope read:package or write:package',
    // 20 bytes in hex (models/auth/access_token.go in both), like many other things.
    tokens: [{ shape: /^[0-9a-f]{40}$/, tells: 'TOKEN_HERE' }],
  },
  // Registry tokens are JWTs that name the user and list no access (services/packages/auth.go), so a probe tries the
  // rights out. If one is missing, the answer is 401, as without a login (routers/api/packages/api.go).
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause:
        'Gitea or Forgejo refused the login: the access token was deleted or lacks a scope for packages, or the account needs a second factor.',
      fix: "Create a personal access token with read:package, and write:package to push, in the account's settings (Applications), and enter it in place of the password.",
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The access token lacks a scope, or its account may not do this with packages of this owner.',
      fix: 'Use a token with write:package (read:package to pull), of the owner itself or of a member of a team that may write packages of the organization. The image path is <owner>/<image>.',
    },
    {
      outcome: 'REALM_NOT_TRUSTED',
      detail: 'REALM_ELSEWHERE',
      cause:
        'Gitea and Forgejo send logins to the address in their setting ROOT_URL. Here it is {realmHost}, not this host. No credential was sent.',
      fix: "Have the server's operator set ROOT_URL to the address that image references begin with. If {realmHost} is the same server and uses https, you can confirm that host in `authRealmHost` instead.",
    },
    {
      outcome: 'UNEXPECTED_ANSWER',
      cause:
        'The server gave an answer that the protocol does not define. Gitea and Forgejo do so if they have no such owner.',
      fix: 'Check that the image path begins with the name of a user or an organization, and that packages are enabled there.',
    },
  ],
};
