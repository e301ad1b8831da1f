import { generateKeyPairSync } from 'node:crypto';
import type { MintRequest } from '../../../src/application/ports/password-minter.ts';
import type { MintKind } from '../../../src/domain/mint-kinds/table.ts';
import { canary } from '../../support/canary.ts';
import { mintConfig, OWNER, source } from './minter-fixture.ts';

/** A request of one kind, and the parts of it that must never be seen again. */
export interface SampleRequest {
  readonly kind: MintKind;
  readonly request: MintRequest;
  readonly secrets: readonly string[];
}

/** One for each kind, with credentials of the right shape. */
export function sampleRequests(): SampleRequest[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const lines = [pkcs8, pkcs1].map((pem) => pem.split('\n')[12] ?? pem);
  const [awsKey, azureSecret] = [canary('aws-secret-key'), canary('azure-secret')];
  const serviceAccount = { type: 'service_account', client_email: 'a@b.iam.gserviceaccount.com', private_key: pkcs8 };
  return [
    {
      kind: 'AMAZON_ECR',
      request: {
        mint: mintConfig({ kind: 'AMAZON_ECR' }),
        url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
        owner: OWNER,
        source: source('AKIAIOSFODNN7EXAMPLE', awsKey),
        purpose: 'PULL',
      },
      secrets: [awsKey],
    },
    {
      kind: 'AMAZON_ECR_PUBLIC',
      request: {
        mint: mintConfig({ kind: 'AMAZON_ECR_PUBLIC' }),
        url: 'public.ecr.aws',
        owner: OWNER,
        source: source('AKIAIOSFODNN7EXAMPLE', awsKey),
        purpose: 'PULL',
      },
      secrets: [awsKey],
    },
    {
      kind: 'GOOGLE',
      request: {
        mint: mintConfig({ kind: 'GOOGLE' }),
        url: 'gcr.io',
        owner: OWNER,
        source: source('_json_key', JSON.stringify(serviceAccount)),
        purpose: 'PULL',
      },
      secrets: lines,
    },
    {
      kind: 'AZURE',
      request: {
        mint: mintConfig({ kind: 'AZURE', tenantId: '11111111-2222-3333-4444-555555555555' }),
        url: 'images.azurecr.io',
        owner: OWNER,
        source: source('99999999-8888-7777-6666-555555555555', azureSecret),
        purpose: 'PULL',
      },
      secrets: [azureSecret],
    },
    {
      kind: 'GITHUB_APP',
      request: {
        mint: mintConfig({ kind: 'GITHUB_APP', installationId: '4711' }),
        url: 'ghcr.io',
        owner: OWNER,
        source: source('1234', pkcs1),
        purpose: 'PULL',
      },
      secrets: lines,
    },
  ];
}
