import { AMAZON_MINTING } from './amazon.ts';
import type { MintKindProfile } from './profile.ts';

export const amazonEcr: MintKindProfile = {
  ...AMAZON_MINTING,
  description: 'Amazon ECR: from an access key. The passwords last 12 hours.',
  registries: '<account>.dkr.ecr.<region>.amazonaws.com',
};
