import { AMAZON_MINTING } from './amazon.ts';
import type { MintKindProfile } from './profile.ts';

export const amazonEcrPublic: MintKindProfile = {
  ...AMAZON_MINTING,
  description: 'Amazon ECR Public: from an access key. The passwords last 12 hours.',
  registries: 'public.ecr.aws',
};
