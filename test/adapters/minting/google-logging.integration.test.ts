import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PasswordMinter } from '../../../src/application/ports/password-minter.ts';
import { canary } from '../../support/canary.ts';
import { createMutant } from '../../support/mutant.ts';
import { sampleRequests } from './cloud-credentials.ts';
import { type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressTo, endpointsAt, minterFor } from './minter-fixture.ts';

/** The library reads it only once, when it is loaded, so this separate file loads it after setting the variable. */
vi.stubEnv('GOOGLE_SDK_NODE_LOGGING', '*');

const google = sampleRequests().find(({ kind }) => kind === 'GOOGLE');
const password = `ya29.${canary('google-logging')}`;

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
  stub.answer(() => ({ body: { access_token: password, expires_in: 3599 } }));
});
afterEach(() => stub.close());

/** Whether the token, or part of the key, was printed. */
async function isPrinted(minter: PasswordMinter): Promise<boolean> {
  if (google === undefined) throw new Error('there is a sample of each kind');
  const printed: unknown[] = [];
  const methods = ['error', 'log', 'info', 'warn', 'debug'] as const;
  const spies = methods.map((method) =>
    vi.spyOn(console, method).mockImplementation((...values) => {
      printed.push(...values);
    }),
  );
  try {
    await minter.mint(google.request);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const text = printed.join(' ');
  return [password, ...google.secrets].some((secret) => text.includes(secret));
}

describe('an environment that makes the library print its requests and answers', () => {
  it('sees no token and no key', async () => {
    expect(await isPrinted(minterFor(stub))).toBe(false);
  });

  it("is caught seeing them with the library's interceptors", async () => {
    const mutant = await createMutant('adapters/minting', [
      { file: 'google.ts', find: 'useAuthRequestParameters: false,', replace: '' },
    ]);
    const { createPasswordMinter } =
      await mutant.load<typeof import('../../../src/adapters/minting/password-minter.ts')>('password-minter.ts');
    const broken = createPasswordMinter({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub) });
    expect(await isPrinted(broken)).toBe(true);
  });
});
