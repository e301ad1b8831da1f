import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import { awsSignature } from './aws-signature.ts';
import { type CloudAnswer, type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressDivertedTo, faultOf, mintConfig, minterFor, OWNER, source } from './minter-fixture.ts';

const secretKey = canary('aws-secret-key');

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

const request = {
  mint: mintConfig({ kind: 'AMAZON_ECR_PUBLIC' }),
  url: 'public.ecr.aws',
  owner: OWNER,
  source: source('AKIAIOSFODNN7EXAMPLE', secretKey),
  purpose: 'PULL',
} as const;

/** One object, where the private registries' API sends a list. */
function authorized(password: string): CloudAnswer {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  return {
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ authorizationData: { authorizationToken, expiresAt: Date.now() / 1000 + 43_200 } }),
  };
}

describe('minting for Amazon ECR Public', () => {
  it('sends a request signed by the access key for us-east-1', async () => {
    const password = canary('ecr-public-password');
    stub.answer(() => authorized(password));
    const minted = await minterFor(stub).mint(request);
    expect(minted.username).toBe('AWS');
    expect(minted.password.reveal() === password).toBe(true);
    const [asked, ...more] = stub.requests;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(more).toEqual([]);
    expect(asked.headers['x-amz-target']).toBe('SpencerFrontendService.GetAuthorizationToken');
    expect(awsSignature(asked, secretKey)).toMatchObject({ region: 'us-east-1', service: 'ecr-public', isValid: true });
  });

  it('asks the only API that makes such passwords', async () => {
    const { egress, hosts } = egressDivertedTo(stub);
    stub.answer(() => authorized('password'));
    await minterFor(stub, { egress, endpoints: {} }).mint(request);
    expect(hosts).toEqual(['api.ecr-public.us-east-1.amazonaws.com']);
  });

  it('needs an identity that may get a bearer token', async () => {
    stub.answer(() => ({
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized: sts:GetServiceBearerToken' }),
    }));
    expect(await faultOf(minterFor(stub).mint(request), secretKey)).toBe('NOT_PERMITTED');
  });
});
