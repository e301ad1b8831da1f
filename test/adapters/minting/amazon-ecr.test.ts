import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MintRequest } from '../../../src/application/ports/password-minter.ts';
import { canary } from '../../support/canary.ts';
import { createMutant } from '../../support/mutant.ts';
import { awsSignature } from './aws-signature.ts';
import { type CloudAnswer, type CloudStub, type RecordedRequest, startCloudStub } from './cloud-stub.ts';
import {
  egressDivertedTo,
  egressTo,
  endpointsAt,
  faultOf,
  mintConfig,
  minterFor,
  OWNER,
  source,
} from './minter-fixture.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const ROLE = 'arn:aws:iam::210987654321:role/pull/images';
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const secretKey = canary('aws-secret-key');

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

function request(changes: Partial<MintRequest> & { roleArn?: string; externalId?: string } = {}): MintRequest {
  const { roleArn = null, externalId = null, ...rest } = changes;
  return {
    mint: mintConfig({ kind: 'AMAZON_ECR', roleArn, externalId }),
    url: HOST,
    owner: OWNER,
    source: source(KEY_ID, secretKey),
    purpose: 'PULL',
    ...rest,
  };
}

/** Seconds since 1970, with a fraction, as ECR writes them. */
const inHours = (hours: number): number => Date.now() / 1000 + hours * 3600;

function authorized(password: string, expiresAt: unknown = inHours(12)): CloudAnswer {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  return {
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({
      authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: `https://${HOST}` }],
    }),
  };
}

function assumed(secret: string): CloudAnswer {
  return {
    headers: { 'content-type': 'text/xml' },
    body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <AssumedRoleUser><AssumedRoleId>AROA:purser</AssumedRoleId><Arn>arn:aws:sts::2:assumed-role/x/purser</Arn></AssumedRoleUser>
      <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey>
      <SessionToken>session-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
      </AssumeRoleResult></AssumeRoleResponse>`,
  };
}

const isEcr = ({ headers }: RecordedRequest): boolean => headers['x-amz-target'] !== undefined;

describe('minting for Amazon ECR', () => {
  it('sends a request signed by the access key, for the region of the host', async () => {
    const password = canary('ecr-password');
    const expiresAt = inHours(12);
    stub.answer(() => authorized(password, expiresAt));
    const before = Date.now();
    const minted = await minterFor(stub).mint(request());

    expect(minted.username).toBe('AWS');
    expect(minted.password.reveal() === password).toBe(true);
    expect(Date.parse(minted.expiresAt)).toBe(Math.floor(expiresAt * 1000));
    expect(Date.parse(minted.issuedAt)).toBeGreaterThanOrEqual(before);
    const [asked, ...more] = stub.requests;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ method: 'POST', path: '/', body: '{}' });
    expect(asked.headers['x-amz-target']).toBe('AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken');
    expect(asked.headers['x-amz-security-token']).toBeUndefined();
    expect(awsSignature(asked, secretKey)).toEqual({
      accessKeyId: KEY_ID,
      region: 'eu-west-1',
      service: 'ecr',
      isValid: true,
    });
    expect(awsSignature(asked, 'another key').isValid).toBe(false);
  });

  it("assumes the role first, for the shortest time, and then uses the role's credentials", async () => {
    const roleSecret = canary('role-secret');
    stub.answer((asked) => (isEcr(asked) ? authorized('password') : assumed(roleSecret)));
    await minterFor(stub).mint(request({ roleArn: ROLE }));

    const [first, second, ...more] = stub.requests;
    if (first === undefined || second === undefined) throw new Error('two requests were expected');
    expect(more).toEqual([]);
    expect(Object.fromEntries(first.form)).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'purser',
      DurationSeconds: '900',
    });
    expect(awsSignature(first, secretKey)).toMatchObject({ accessKeyId: KEY_ID, service: 'sts', isValid: true });
    expect(awsSignature(second, roleSecret)).toMatchObject({ accessKeyId: 'ASIAIOSFODNN7EXAMPLE', isValid: true });
    expect(second.headers['x-amz-security-token']).toBe('session-token');
  });

  it('assumes the role with the external id that its trust policy asks for', async () => {
    stub.answer((asked) => (isEcr(asked) ? authorized('password') : assumed(canary('role-secret'))));
    await minterFor(stub).mint(request({ roleArn: ROLE, externalId: 'purser:demo/1' }));
    expect(stub.requests[0]?.form.get('ExternalId')).toBe('purser:demo/1');
  });

  it('is caught asking for the wrong principal if the role is forgotten', async () => {
    const mutant = await createMutant('adapters/minting', [
      { file: 'amazon.ts', find: 'mint.roleArn === null', replace: 'mint.kind' },
    ]);
    const { createPasswordMinter } =
      await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
    stub.answer((asked) => (isEcr(asked) ? authorized('password') : assumed('role-secret')));
    const broken = createPasswordMinter({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub) });
    await broken.mint(request({ roleArn: ROLE }));
    expect(stub.requests.map(isEcr)).toEqual([true]);
  });

  it.each([
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'api.ecr.us-east-1.amazonaws.com'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'api.ecr.cn-north-1.amazonaws.com.cn'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'api.ecr-fips.us-gov-west-1.amazonaws.com'],
    ['123456789012.dkr-ecr.eu-central-1.on.aws', 'ecr.eu-central-1.api.aws'],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'api.ecr.eusc-de-east-1.amazonaws.eu'],
  ])('asks for %s at the API %s if no other endpoint is set', async (url, api) => {
    const { egress, hosts } = egressDivertedTo(stub);
    stub.answer(() => authorized('password'));
    await minterFor(stub, { egress, endpoints: {} }).mint(request({ url }));
    expect(hosts).toEqual([api]);
  });

  it.each<[string, number, string]>([
    ['UnrecognizedClientException', 400, 'CREDENTIAL_REFUSED'],
    ['InvalidSignatureException', 400, 'CREDENTIAL_REFUSED'],
    ['ExpiredTokenException', 400, 'CREDENTIAL_REFUSED'],
    ['AccessDeniedException', 400, 'NOT_PERMITTED'],
    ['ThrottlingException', 400, 'THROTTLED'],
    ['ServerException', 500, 'UNREACHABLE'],
    ['SomethingNewException', 400, 'UNEXPECTED_ANSWER'],
    ['SomethingNewException', 403, 'NOT_PERMITTED'],
    ['SomethingNewException', 503, 'UNREACHABLE'],
  ])('interprets %s with status %i from ECR as %s', async (code, status, fault) => {
    stub.answer(() => ({
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: `com.amazonaws.ecr#${code}`, message: `${KEY_ID} may not` }),
    }));
    expect(await faultOf(minterFor(stub).mint(request()), secretKey, KEY_ID)).toBe(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, number, string]>([
    ['InvalidClientTokenId', 403, 'CREDENTIAL_REFUSED'],
    ['SignatureDoesNotMatch', 403, 'CREDENTIAL_REFUSED'],
    ['ExpiredToken', 403, 'CREDENTIAL_REFUSED'],
    ['AccessDenied', 403, 'NOT_PERMITTED'],
    ['RegionDisabledException', 403, 'NOT_PERMITTED'],
    ['Throttling', 400, 'THROTTLED'],
    ['InternalFailure', 500, 'UNREACHABLE'],
  ])('interprets %s with status %i from STS as %s, and stops there', async (code, status, fault) => {
    stub.answer(() => ({
      status,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code>
        <Message>User ${KEY_ID} is not authorized</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    }));
    expect(await faultOf(minterFor(stub).mint(request({ roleArn: ROLE })), secretKey, KEY_ID)).toBe(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, CloudAnswer]>([
    ['no data at all', { body: {} }],
    ['an empty list', { body: { authorizationData: [] } }],
    [
      'a token that is not base64',
      { body: { authorizationData: [{ authorizationToken: '***', expiresAt: inHours(1) }] } },
    ],
    [
      'a token without a user name',
      { body: { authorizationData: [{ authorizationToken: 'cGFzc3dvcmQ=', expiresAt: inHours(1) }] } },
    ],
    ['no expiry', authorized('password', null)],
    ['an expiry in the past', authorized('password', inHours(-1))],
    ['a password of several lines', authorized('pass\nword')],
    ['a page of HTML', { headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' }],
    ['a refusal in plain text', { status: 418, body: 'teapot' }],
  ])('does not accept %s as a password', async (_, answer) => {
    stub.answer(() => answer);
    expect(await faultOf(minterFor(stub).mint(request()), secretKey)).toBe('UNEXPECTED_ANSWER');
  });

  it('does not go on if the role got no credentials', async () => {
    stub.answer(() => ({ headers: { 'content-type': 'text/xml' }, body: '<AssumeRoleResponse/>' }));
    expect(await faultOf(minterFor(stub).mint(request({ roleArn: ROLE })), secretKey)).toBe('UNEXPECTED_ANSWER');
    expect(stub.requests).toHaveLength(1);
  });

  it('sends nothing for a host that does not belong to Amazon ECR', async () => {
    for (const url of ['public.ecr.aws', `${HOST}.example.com`, `${HOST}:5000`]) {
      expect(await faultOf(minterFor(stub).mint(request({ url })))).toBe('NOT_FOUND');
    }
    expect(stub.connections()).toBe(0);
  });
});
