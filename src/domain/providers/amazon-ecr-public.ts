import { AMAZON_DIAGNOSES, AMAZON_PASSWORD, AMAZON_PROBE, AMAZON_USERNAME } from './amazon.ts';
import type { ProviderProfile } from './profile.ts';

export const amazonEcrPublic: ProviderProfile = {
  description: 'Amazon ECR Public.',
  registries: [
    {
      name: 'Amazon ECR Public Gallery',
      urlPatterns: ['public.ecr.aws'],
      host: /^(?:public\.ecr\.aws|ecr-public\.aws\.com)$/,
    },
  ],
  documentation: 'https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html',
  username: AMAZON_USERNAME,
  password: {
    ...AMAZON_PASSWORD,
    hint: 'What `aws ecr-public get-login-password --region us-east-1` prints (valid for 12 hours)',
  },
  probe: AMAZON_PROBE,
  mintKinds: ['AMAZON_ECR_PUBLIC'],
  diagnoses: [
    ...AMAZON_DIAGNOSES,
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such repository, and Amazon ECR does not create one on a push.',
      fix: 'Create it first (`aws ecr-public create-repository`). Its path begins with the alias of the registry.',
    },
  ],
};
