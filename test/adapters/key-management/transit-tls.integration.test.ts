import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { createKeyManagement } from '../../../src/adapters/key-management/key-management.ts';
import { parseKeyManagement } from '../../../src/adapters/key-management/settings.ts';
import { keyFaultOf } from '../../../src/adapters/vault/key-encryption-key.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { createCertificates, type TestCertificates } from '../../support/certificates.ts';
import { startTransitDouble, type TransitDouble, transitSettings } from '../../support/key-services/transit-double.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('openssl');
const KEY = { kind: 'transit', id: 7, mount: 'transit', name: 'purser' } as const;
const CONTEXT = Buffer.from('project demo, registry reg.example');

describe.skipIf(missing)(titled('a transit engine behind TLS, with its own authority', missing), () => {
  let folder: string;
  let own: TestCertificates;
  let others: TestCertificates;
  let transit: TransitDouble;
  let front: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'transit-tls-'));
    own = await createCertificates(join(folder, 'own'));
    others = await createCertificates(join(folder, 'others'));
    transit = await startTransitDouble();
    front = await startFront(own);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    front?.close();
    await transit?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Ends TLS in front of the double. */
  async function startFront({ certificateFile, keyFile }: TestCertificates): Promise<Server> {
    const [cert, key] = await Promise.all([certificateFile, keyFile].map((file) => readFile(file)));
    const server = createServer({ cert, key }, (outer) => {
      const inner = connect(Number(new URL(transit.url).port), '127.0.0.1');
      for (const socket of [outer, inner]) sockets.add(socket.on('error', () => socket.destroy()));
      outer.pipe(inner).pipe(outer);
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  /** Wraps and unwraps a data key. @returns what is wrong; undefined if it came back as it was */
  async function faultWith(changes: object, host = '127.0.0.1'): Promise<string | undefined> {
    const url = `https://${host}:${(front.address() as AddressInfo).port}`;
    const settings = transitSettings({ url }, { method: 'token', token: transit.issueToken() }, changes);
    const management = createKeyManagement({
      settings: parseKeyManagement(new Secret(settings)),
      egress: createEgress({ allow: parseAllowList(['127.0.0.1', 'localhost']), plainHttpHosts: new Set() }),
      now: Date.now,
      onAsked: () => undefined,
    });
    try {
      const key = management.open(KEY);
      const dataKey = randomBytes(32);
      const unwrapped = await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT);
      return unwrapped.equals(dataKey) ? undefined : 'another key came back';
    } catch (error) {
      return keyFaultOf(error)?.message ?? String(error);
    } finally {
      management.close();
    }
  }

  it.each(['127.0.0.1', 'localhost'])('wraps and unwraps if that authority is trusted (%s)', async (host) => {
    expect(await faultWith({ caCertificateFile: own.caFile }, host)).toBeUndefined();
  });

  it.each([
    ['no authority is named', () => ({})],
    ['another authority is named', () => ({ caCertificateFile: others.caFile })],
    ['the certificate of the server itself is named', () => ({ caCertificateFile: own.certificateFile })],
  ])('is sent nothing, and the key is named, if %s', async (_, changes) => {
    const before = transit.requests.length;
    expect(await faultWith(changes())).toMatch(
      /^Key 7 \(transit:transit\/purser\) is behind a certificate that is not accepted \([A-Z_]+\)\.$/,
    );
    expect(transit.requests).toHaveLength(before);
  });

  it('is not used if the file of the authority is missing, or holds no certificate', async () => {
    await expect(faultWith({ caCertificateFile: join(folder, 'nowhere') })).rejects.toThrow(
      /^KEY_MANAGEMENT\.transit\.caCertificateFile: the file \S+ cannot be read \(ENOENT\)$/,
    );
    await expect(faultWith({ caCertificateFile: own.keyFile })).rejects.toThrow(
      'KEY_MANAGEMENT.transit.caCertificateFile: must be a file with certificates in PEM',
    );
  });
});
