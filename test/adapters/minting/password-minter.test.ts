import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { mintingFailed } from '../../../src/adapters/minting/minting-fault.ts';
import type { createPasswordMinter } from '../../../src/adapters/minting/password-minter.ts';
import type { Egress } from '../../../src/application/ports/egress.ts';
import { createMutant } from '../../support/mutant.ts';
import { sampleRequests } from './cloud-credentials.ts';
import { type CloudStub, startCloudStub } from './cloud-stub.ts';
import { egressTo, endpointsAt, faultOf, minterFor } from './minter-fixture.ts';

const SAMPLES = sampleRequests();

let stub: CloudStub;
beforeEach(async () => {
  stub = await startCloudStub();
});
afterEach(() => stub.close());

/** An answer that repeats the request everywhere: its text must not reach the error. */
function echo(status: number): void {
  stub.answer(({ headers, body }) => ({
    status,
    headers: {
      'x-echo': String(headers.authorization ?? 'none'),
      'x-amzn-errortype': body.slice(0, 200).replace(/[^\w.-]/g, ''),
    },
    body: { error: body, error_description: body, message: body, __type: body, token: { body }, Code: body },
  }));
}

describe.each(SAMPLES)('minting for $kind', ({ request, secrets }) => {
  it("reports an unreachable cloud by the fault's class", async () => {
    await stub.close();
    expect(await faultOf(minterFor(stub).mint(request), ...secrets)).toBe('UNREACHABLE');
  });

  it('sends nothing if TLS cannot be established', async () => {
    const endpoints = Object.fromEntries(
      Object.entries(endpointsAt(stub)).map(([name, url]) => [name, url.replace('http:', 'https:')]),
    );
    expect(await faultOf(minterFor(stub, { endpoints }).mint(request), ...secrets)).toBe('UNREACHABLE');
    expect(stub.requests).toHaveLength(0);
  });

  it('ends at its deadline if the cloud accepts the request and never answers', async () => {
    stub.answer(() => undefined);
    expect(await faultOf(minterFor(stub, { deadlineMs: 700 }).mint(request), ...secrets)).toBe('UNREACHABLE');
    expect(stub.requests).toHaveLength(1);
  });

  it('ends at its deadline if the answer never ends', async () => {
    stub.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
      return undefined;
    });
    expect(await faultOf(minterFor(stub, { deadlineMs: 700 }).mint(request), ...secrets)).toBe('UNREACHABLE');
  });

  it("reports a broken connection by the fault's class, and does not try again", async () => {
    stub.answer((_, response) => {
      response.socket?.destroy();
      return undefined;
    });
    const fault = await faultOf(minterFor(stub).mint(request), ...secrets);
    expect(['UNREACHABLE', 'UNEXPECTED_ANSWER']).toContain(fault);
    expect(stub.requests).toHaveLength(1);
  });

  it('does not read more than a token needs', async () => {
    stub.answer(() => ({ body: `{"a":"${'x'.repeat(80_000)}"}` }));
    expect(await faultOf(minterFor(stub).mint(request), ...secrets)).toBe('UNEXPECTED_ANSWER');
  });

  it('follows no redirect', async () => {
    const elsewhere = await startCloudStub();
    try {
      stub.answer(() => ({ status: 307, headers: { location: elsewhere.url } }));
      expect(await faultOf(minterFor(stub).mint(request), ...secrets)).toBe('UNEXPECTED_ANSWER');
      expect(elsewhere.connections()).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });

  it('contacts no target that the operator has not opened, and says so', async () => {
    const egress = createEgress({ allow: parseAllowList([]), plainHttpHosts: new Set([stub.authority]) });
    expect(await faultOf(minterFor(stub, { egress }).mint(request), ...secrets)).toBe('TARGET_NOT_ALLOWED');
    expect(stub.connections()).toBe(0);
  });

  it.each([200, 201, 400, 401, 403, 500])('puts nothing of an answer with status %i into its error', async (status) => {
    echo(status);
    await faultOf(minterFor(stub).mint(request), ...secrets);
    expect(stub.requests.length).toBeGreaterThan(0);
  });

  it('closes its session, however it ends', async () => {
    let open = 0;
    const egress = egressTo(stub);
    const counting: Egress = {
      ...egress,
      open: (options) => {
        open += 1;
        const session = egress.open(options);
        return {
          request: session.request,
          get fault() {
            return session.fault;
          },
          close: async () => {
            open -= 1;
            await session.close();
          },
        };
      },
    };
    await faultOf(minterFor(stub, { egress: counting }).mint(request), ...secrets);
    expect(open).toBe(0);
  });
});

describe('the class of a fault', () => {
  it('hides the error that an SDK threw', () => {
    const failed = mintingFailed(new Error('with the secret in it'), undefined, undefined);
    expect(failed).toMatchObject({ fault: 'UNEXPECTED_ANSWER', message: 'no password was minted: UNEXPECTED_ANSWER' });
    expect(failed.cause).toBeUndefined();
  });

  it("is caught leaking if the SDK's error is passed on", async () => {
    const mutant = await createMutant('adapters/minting', [
      {
        file: 'minting-fault.ts',
        find: "return new MintingFailed(fault === undefined ? 'UNEXPECTED_ANSWER' : faultOfEgress(fault));",
        replace: "return Object.assign(new MintingFailed('UNEXPECTED_ANSWER'), { cause: error });",
      },
      {
        file: 'amazon.ts',
        find: 'throw fault === undefined ? error : new MintingFailed(fault);',
        replace: 'throw error;',
        times: 2,
      },
    ]);
    const { createPasswordMinter: createBroken } = await mutant.load<{
      createPasswordMinter: typeof createPasswordMinter;
    }>('password-minter.ts');
    const broken = createBroken({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub) });
    const ecr = SAMPLES.find(({ kind }) => kind === 'AMAZON_ECR');
    if (ecr === undefined) throw new Error('there is a sample of each kind');
    echo(400);
    const checked = faultOf(broken.mint(ecr.request), ...ecr.secrets);
    await expect(checked).rejects.toThrow('the error tells more than its fault');
  });
});

describe('the SDKs', () => {
  const LOADS_SDK = /^import (?!type\b)[^;]*? from '@aws-sdk\//m;
  const MINTERS = ['amazon-ecr-public.ts', 'amazon-ecr.ts', 'amazon.ts'].map((file) => `adapters/minting/${file}`);
  const KEYS = ['aws-kms.ts', 'aws-login.ts'].map((file) => `adapters/key-management/${file}`);
  const USERS = [...KEYS, ...MINTERS];
  /** Files of `src` that are loaded together with this one. */
  const loadedWith = (file: string, source: string) =>
    [...source.matchAll(/^import (?!type\b)[^;]*? from '(\.[^']*)'/gm)].map(([, path = '']) =>
      posix.join(posix.dirname(file), path),
    );
  const loadsMinter = (file: string, source: string) =>
    !USERS.includes(file) && loadedWith(file, source).some((path) => USERS.includes(path));

  it('are not loaded before a password is minted or a key is used with them: they take 30 MB', async () => {
    const folder = fileURLToPath(new URL('../../../src/', import.meta.url));
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    const which = async (holds: (file: string, source: string) => boolean) => {
      const found = await Promise.all(
        files.map(async (file) => (holds(file, await readFile(join(folder, file), 'utf8')) ? [file] : [])),
      );
      return found.flat().sort();
    };
    expect(await which((_, source) => LOADS_SDK.test(source))).toEqual(USERS);
    expect(await which(loadsMinter)).toEqual([]);
    const loadsLate = /\bimport\('\.\/(?:amazon-ecr(?:-public)?|aws-kms)\.ts'\)/;
    const late = ['adapters/key-management/key-management.ts', 'adapters/minting/password-minter.ts'];
    expect(await which((_, source) => loadsLate.test(source))).toEqual(late);
  });

  it('are caught if they are loaded at the start', () => {
    expect(LOADS_SDK.test("import { b } from './b.ts';\nimport { ECRClient } from '@aws-sdk/client-ecr';")).toBe(true);
    expect(LOADS_SDK.test("import {\n  STSClient,\n} from '@aws-sdk/client-sts';")).toBe(true);
    expect(LOADS_SDK.test("import type { A } from '@aws-sdk/client-ecr';")).toBe(false);
    const here = 'adapters/minting/password-minter.ts';
    expect(loadsMinter(here, "import { a } from './a.ts';\nimport { mintForEcr } from './amazon-ecr.ts';")).toBe(true);
    expect(loadsMinter('compose.ts', "import {\n  mint,\n} from './adapters/minting/amazon-ecr.ts';")).toBe(true);
    expect(loadsMinter(here, "import type { Ecr } from './amazon-ecr.ts';")).toBe(false);
    expect(loadsMinter('domain/providers/table.ts', "import { amazon } from './amazon-ecr.ts';")).toBe(false);
  });
});
