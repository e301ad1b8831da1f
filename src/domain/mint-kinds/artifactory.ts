import type { MintKindProfile } from './profile.ts';

export const artifactory: MintKindProfile = {
  description:
    'JFrog Artifactory: by an OIDC integration that trusts this service. The passwords last as long as its mapping says.',
  takes: '`federated: true` in `mint`, and no user name or password',
  registries: 'JFrog Artifactory',
  settings: {},
  federated: {
    settings: {
      providerName: {
        shape: /^[\w.-]{1,255}$/,
        required: true,
        fault: 'providerName is required for ARTIFACTORY: the name of the OIDC integration, such as purser.',
      },
    },
    audience: (_, url) => `https://${url}`,
  },
  onlyFederated: true,
  narrows: false,
};
