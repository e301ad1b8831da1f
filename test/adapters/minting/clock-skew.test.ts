import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintingAdvice } from '../../../src/application/credential/minted-passwords.ts';
import { MintingFailed, type MintRequest } from '../../../src/application/ports/password-minter.ts';
import type { MintKind } from '../../../src/domain/mint-kinds/table.ts';
import { createMutant } from '../../support/mutant.ts';
import { sampleRequests } from './cloud-credentials.ts';
import { type CloudAnswer, type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressTo, endpointsAt, minterFor } from './minter-fixture.ts';

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

const SAMPLES = sampleRequests();
const MINUTE_MS = 60_000;

const ecr = (code: string, message: string): CloudAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: code, message }),
});
const EXPIRED = 'Signature expired: 20261125T160000Z is now earlier than 20261125T161500Z (20261125T162000Z - 5 min.)';
const NOT_YET =
  'Signature not yet current: 20261125T162000Z is still later than 20261125T160500Z (20261125T160000Z + 5 min.)';

/** The clouds' own texts. */
const ANSWERS: readonly (readonly [MintKind, string, CloudAnswer])[] = [
  ['AMAZON_ECR', 'a signature that has expired', ecr('InvalidSignatureException', EXPIRED)],
  ['AMAZON_ECR', 'a signature that is not yet current', ecr('InvalidSignatureException', NOT_YET)],
  ['AMAZON_ECR', 'a request of another time', ecr('RequestTimeTooSkewed', 'The difference is too large.')],
  ['AMAZON_ECR_PUBLIC', 'a signature that has expired', ecr('InvalidSignatureException', EXPIRED)],
  [
    'GOOGLE',
    'an assertion out of its time',
    {
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description:
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      },
    },
  ],
  [
    'GITHUB_APP',
    'an end too far away',
    { status: 401, body: { message: "'Expiration time' claim ('exp') is too far in the future" } },
  ],
  [
    'GITHUB_APP',
    'an end that has passed',
    {
      status: 401,
      body: {
        message:
          "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      },
    },
  ],
  [
    'GITHUB_APP',
    'a beginning in the future',
    {
      status: 401,
      body: {
        message: "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      },
    },
  ],
  ['AZURE', 'an assertion out of its time', { status: 400, body: { error: 'invalid_client', error_codes: [700024] } }],
];

function requestOf(kind: MintKind): MintRequest {
  const known = SAMPLES.find((sample) => sample.kind === kind);
  if (known === undefined) throw new Error(`no credential of ${kind}`);
  return known.request;
}

/** The cloud's clock is behind by this much. */
function answerAt(behindMs: number, { headers = {}, ...answer }: CloudAnswer): void {
  const date = new Date(Date.now() - behindMs).toUTCString();
  stub.answer(() => ({ ...answer, headers: { ...headers, date } }));
}

const failure = (minting: Promise<unknown>): Promise<unknown> =>
  minting.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a cloud that refuses our clock', () => {
  it.each(ANSWERS)('is understood: %s, %s', async (kind, _, answer) => {
    answerAt(20 * MINUTE_MS, answer);
    const failed = await failure(minterFor(stub).mint(requestOf(kind)));
    if (!(failed instanceof MintingFailed)) throw failed;
    expect(failed.fault).toBe('CLOCK_SKEWED');
    expect(Math.abs((failed.clockAheadSeconds ?? 0) - 1200)).toBeLessThan(60);
    expect(mintingAdvice(failed)).toMatch(
      /clock is 2[01] minutes ahead of the cloud's.*nothing against the credential/,
    );
    expect(mintingAdvice(failed)).not.toMatch(/[Rr]otate/);
  });

  it('is told from one whose clock is ahead, and from one that does not tell the time', async () => {
    const [, , answer] = ANSWERS[0] ?? [];
    answerAt(-3 * 60 * MINUTE_MS, answer ?? {});
    const behind = await failure(minterFor(stub).mint(requestOf('AMAZON_ECR')));
    expect(mintingAdvice(behind as MintingFailed)).toContain("clock is 3 hours behind the cloud's");
    expect(mintingAdvice(new MintingFailed('CLOCK_SKEWED'))).toContain("clock is different from the cloud's");
  });

  it.each<[MintKind, CloudAnswer]>([
    ['AMAZON_ECR', ecr('InvalidSignatureException', 'The request signature we calculated does not match.')],
    ['GOOGLE', { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } }],
    ['GITHUB_APP', { status: 401, body: { message: 'A JSON web token could not be decoded' } }],
    ['AZURE', { status: 401, body: { error: 'invalid_client', error_codes: [7000215] } }],
  ])('is told from one that refuses the credential: %s', async (kind, answer) => {
    answerAt(20 * MINUTE_MS, answer);
    const failed = await failure(minterFor(stub).mint(requestOf(kind)));
    expect(failed).toMatchObject({ fault: 'CREDENTIAL_REFUSED', clockAheadSeconds: undefined });
  });

  it('is taken for one that refuses the credential if its text is not read', async () => {
    const mutant = await createMutant('adapters/minting', [
      { file: 'aws-fault.ts', find: 'if (isOfTime ||', replace: 'if (' },
    ]);
    const { createPasswordMinter } =
      await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
    answerAt(20 * MINUTE_MS, ecr('InvalidSignatureException', EXPIRED));
    const broken = createPasswordMinter({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub) });
    expect(await failure(broken.mint(requestOf('AMAZON_ECR')))).toMatchObject({ fault: 'CREDENTIAL_REFUSED' });
  });
});
