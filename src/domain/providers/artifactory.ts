import type { ProviderProfile } from './profile.ts';

export const artifactory: ProviderProfile = {
  description: 'JFrog Artifactory, in the cloud or on your own host.',
  registries: [
    {
      name: 'JFrog Artifactory',
      urlPatterns: ['<server>.jfrog.io', '<your Artifactory host>'],
      host: /^[a-z0-9-]+\.jfrog\.io$/,
    },
  ],
  documentation: 'https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry',
  declarable: true,
  mintKinds: ['ARTIFACTORY'],
  username: { hint: 'Artifactory user name' },
  password: {
    hint: 'Identity token, access token or API key',
    // An API key, and a reference token: base64 of `reftkn:`.
    tokens: [{ shape: /^(?:AKCp|cmVmd)[A-Za-z0-9]{40,}$/, tells: 'ISSUER' }],
  },
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Artifactory refused the login.',
      fix: 'Use an identity token with the user name that it belongs to; API keys and tokens stop working when they are revoked or the user is locked.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The user has no permission for this in the repository.',
      fix: "Give it Deploy/Cache (Read to pull only) with a permission target of the repository, and check that the image path begins with that repository's key.",
    },
  ],
};
