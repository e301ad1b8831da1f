import type { MintConfig } from '../../src/domain/credential.ts';

/** A private Amazon ECR, whose passwords are minted from an access key. */
export const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
export const ECR_MINT: MintConfig = {
  kind: 'AMAZON_ECR',
  roleArn: null,
  externalId: null,
  tenantId: null,
  installationId: null,
  apiUrl: null,
};
