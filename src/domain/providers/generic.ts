import type { ProviderProfile } from './profile.ts';

/** Any registry of which nothing more is known. */
export const generic: ProviderProfile = {
  description: 'Any other registry that container clients can use.',
  registries: [
    { name: 'Other registry', urlPatterns: ['registry.example.com', 'registry.example.com:5000'], host: null },
  ],
  documentation: null,
  declarable: true,
  username: { hint: 'User name' },
  password: { hint: 'Password or token' },
  diagnoses: [],
};
