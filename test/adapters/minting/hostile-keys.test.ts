import { sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as AssertionSigner from '../../../src/adapters/minting/assertion-signer.ts';
import type { MintRequest } from '../../../src/application/ports/password-minter.ts';
import { type CraftedRsaKey, craftedRsaKey } from '../../support/crafted-rsa-key.ts';
import { createMutant } from '../../support/mutant.ts';
import { leastStall, stallDuring } from '../../support/stall.ts';
import { type CloudStub, startCloudStub } from './cloud-stub.ts';
import { faultOf, mintConfig, minterFor, OWNER, source } from './minter-fixture.ts';

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

const KINDS = ['GOOGLE', 'GITHUB_APP'] as const;

/** As an earlier version may have stored it: this one refuses such a key at input. */
function request(kind: (typeof KINDS)[number], pem: string): MintRequest {
  const account = JSON.stringify({ type: 'service_account', client_email: 'a@b.example', private_key: pem });
  return {
    mint: mintConfig({ kind, installationId: '1' }),
    url: kind === 'GOOGLE' ? 'gcr.io' : 'ghcr.io',
    purpose: 'PULL',
    owner: OWNER,
    source: kind === 'GOOGLE' ? source('_json_key', account) : source('1234', pem),
  };
}

/** To sign by one of these keys takes longer. */
const MOMENT_MS = 500;

describe.each(KINDS)('a hostile key, stored for %s', (kind) => {
  it.each<[string, CraftedRsaKey]>([
    ['16,384 bits', { modulusBits: 16_384 }],
    ['factors larger than the modulus', { modulusBits: 2048, factorBits: 6000 }],
    ['4,096 bits whose values do not fit', { modulusBits: 4096 }],
  ])('of %s signs nothing: twelve passwords at once hold nobody up', async (_, crafted) => {
    const minter = minterFor(stub);
    const asked = request(kind, craftedRsaKey(crafted));
    const faults: string[] = [];
    const stalledMs = await leastStall(MOMENT_MS, async () => {
      faults.push(...(await Promise.all(Array.from({ length: 12 }, () => faultOf(minter.mint(asked))))));
    });
    expect(new Set(faults)).toEqual(new Set(['CREDENTIAL_REFUSED']));
    expect(stub.connections()).toBe(0);
    expect(stalledMs).toBeLessThan(MOMENT_MS);
  });
});

it('a key that signs for seconds would hold nobody up either: signatures are made beside the main thread', async () => {
  const careless = await createMutant('adapters/minting', [
    {
      file: 'assertion-signer.ts',
      find: 'const read = readRsaPrivateKey(pem);',
      replace: 'const read = { key: createPrivateKey(pem) };',
    },
    {
      file: 'assertion-signer.ts',
      find: 'import { type KeyObject,',
      replace: 'import { createPrivateKey, type KeyObject,',
    },
  ]);
  const { createAssertionSigner } = await careless.load<typeof AssertionSigner>('assertion-signer.ts');
  const pem = craftedRsaKey({ modulusBits: 16_384 });
  const beside = await stallDuring(() => createAssertionSigner()({ iss: 'a', iat: 0, exp: 600 }, pem));
  const onIt = await stallDuring(() => sign('sha256', Buffer.from('assertion'), pem));
  expect(onIt).toBeGreaterThan(500);
  expect(beside).toBeLessThan(onIt / 2);
});
