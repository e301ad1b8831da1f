import { describe, expect, it } from 'vitest';
import type { MintConfig } from '../../src/domain/credential.ts';
import { checkMint } from '../../src/domain/mint-config.ts';
import type { RegistryProvider } from '../../src/domain/providers/table.ts';
import { refusal } from './refusals.ts';

const NONE = { roleArn: null, externalId: null, tenantId: null, installationId: null, apiUrl: null };
const ROLE = 'arn:aws:iam::123456789012:role/pull';
const APP = { kind: 'GITHUB_APP', installationId: '1' } as const;
type Settings = Pick<MintConfig, 'kind'> & Partial<MintConfig>;

describe('the settings of minting', () => {
  it.each<[RegistryProvider, Settings]>([
    ['AMAZON_ECR', { kind: 'AMAZON_ECR', roleArn: ROLE, externalId: 'a:b/1@x' }],
    ['AMAZON_ECR_PUBLIC', { kind: 'AMAZON_ECR_PUBLIC', roleArn: ROLE, externalId: 'ab' }],
    ['GITHUB', APP],
    ['GITHUB', { ...APP, apiUrl: 'https://github.example.com/api/v3' }],
    ['GITHUB', { ...APP, apiUrl: 'https://api.octocorp.ghe.com' }],
    ['GITHUB', { ...APP, apiUrl: 'https://github.example.com:8443/api/v3' }],
  ])('of %s may be %j', (provider, settings) => {
    expect(() => checkMint(provider, { ...NONE, ...settings })).not.toThrow();
  });

  it.each<[RegistryProvider, Settings, string]>([
    ['AMAZON_ECR', { kind: 'AMAZON_ECR', externalId: 'ab' }, 'roleArn'],
    ['AMAZON_ECR', { kind: 'AMAZON_ECR', roleArn: ROLE, externalId: 'a' }, 'externalId'],
    ['AMAZON_ECR', { kind: 'AMAZON_ECR', roleArn: ROLE, externalId: 'a b' }, 'externalId'],
    ['AMAZON_ECR', { kind: 'AMAZON_ECR_PUBLIC' }, 'public.ecr.aws'],
    ['AMAZON_ECR', { kind: 'AMAZON_ECR', apiUrl: 'https://github.example.com' }, 'apiUrl'],
    ['GITHUB', { ...APP, externalId: 'ab' }, 'externalId'],
    ...[
      'http://github.example.com/api/v3',
      'https://ada:x@github.example.com',
      'https://github.example.com/api/v3/',
      'https://github.example.com/elsewhere',
      'https://github.example.com/?a',
      'https://github.example.com#a',
      'https://localhost',
      'https://127.0.0.1\\@github.example.com',
      'github.example.com',
    ].map((apiUrl): [RegistryProvider, Settings, string] => ['GITHUB', { ...APP, apiUrl }, 'apiUrl']),
  ])('of %s are refused: %j', (provider, settings, named) => {
    const { field, message } = refusal(() => checkMint(provider, { ...NONE, ...settings }));
    expect(field).toBe('mint');
    expect(message).toContain(named);
  });
});
