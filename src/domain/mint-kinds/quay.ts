import type { MintKindProfile } from './profile.ts';

export const quay: MintKindProfile = {
  description: 'Quay 3.13 or later, and quay.io: for a robot that trusts this service. The passwords last an hour.',
  takes: '`federated: true` in `mint`, and no user name or password',
  registries: 'Quay',
  settings: {},
  federated: {
    settings: {
      robot: {
        shape: /^[a-z0-9][a-z0-9._-]{0,253}\+[a-z0-9][a-z0-9_-]{0,253}$/,
        required: true,
        fault: 'robot is required for QUAY: <organization>+<robot>.',
      },
    },
    audience: (_, url) => `https://${url}`,
  },
  onlyFederated: true,
  narrows: false,
};
