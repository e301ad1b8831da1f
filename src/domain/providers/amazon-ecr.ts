import { ECR_HOST } from '../ecr-host.ts';
import { AMAZON_DIAGNOSES, AMAZON_PASSWORD, AMAZON_PROBE, AMAZON_USERNAME } from './amazon.ts';
import type { ProviderProfile } from './profile.ts';

export const amazonEcr: ProviderProfile = {
  description: 'Private registries of Amazon ECR.',
  registries: [
    {
      name: 'Amazon Elastic Container Registry',
      urlPatterns: ['<account>.dkr.ecr.<region>.amazonaws.com'],
      host: ECR_HOST,
    },
  ],
  documentation: 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html',
  username: AMAZON_USERNAME,
  password: { ...AMAZON_PASSWORD, hint: 'What `aws ecr get-login-password` prints (valid for 12 hours)' },
  probe: AMAZON_PROBE,
  mintKinds: ['AMAZON_ECR'],
  diagnoses: [
    ...AMAZON_DIAGNOSES,
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such repository, and Amazon ECR does not create one on a push.',
      fix: 'Create it first (`aws ecr create-repository`), in the account and region that the URL names, or set up a creation template.',
    },
  ],
};
