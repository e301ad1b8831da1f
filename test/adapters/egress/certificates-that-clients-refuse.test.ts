import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress, type EgressOptions } from '../../../src/adapters/egress/egress.ts';
import type { Egress } from '../../../src/application/ports/egress.ts';
import { createMutant } from '../../support/mutant.ts';
import {
  AUTHORITY,
  type CertificateMaker,
  createCertificateMaker,
  type Signed,
  type Wish,
} from './odd-certificates.ts';

const HOST = 'registry.example.com';
const NAMED = `subjectAltName=DNS:${HOST},IP:127.0.0.1`;
const FOR_SERVERS = 'extendedKeyUsage=serverAuth';

let maker: CertificateMaker;
let root: Signed;
const closing: (() => Promise<void>)[] = [];
const requests: string[] = [];

beforeAll(async () => {
  maker = await createCertificateMaker();
  root = await maker.make({ subject: '/CN=root', extensions: AUTHORITY });
});
afterEach(async () => {
  requests.length = 0;
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => maker.remove());

const TO_LOOPBACK: EgressOptions = {
  allow: parseAllowList(['127.0.0.1']),
  plainHttpHosts: new Set(),
  lookUpName: async () => ['127.0.0.1'],
};
const egress = createEgress(TO_LOOPBACK);

interface Served {
  readonly own: Signed;
  readonly above?: readonly Signed[];
  readonly trusted?: Signed;
  readonly host?: string;
  readonly options?: TlsOptions;
}

/** What a request to a server with these certificates comes to: a status, or the fault. */
async function outcome(
  { own, above = [], trusted = root, host = HOST, options = {} }: Served,
  through: Egress = egress,
): Promise<unknown> {
  const cert = [own, ...above].map((each) => each.cert).join('');
  // The server takes anything, so that the client decides.
  const server = createServer({ cert, key: own.key, ciphers: 'ALL:@SECLEVEL=0', ...options }, (request, response) => {
    requests.push(request.url ?? '');
    response.setHeader('connection', 'close').end();
  });
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://${host}:${(server.address() as AddressInfo).port}/v2/`;
  const answer = await through.request({ url }, { caCertificate: trusted.cert }).catch((error) => error.fault);
  return answer.status ?? answer.reason ?? answer.kind;
}

const leaf = (wish: Wish = {}) => maker.make({ by: root, extensions: `${NAMED}\n${FOR_SERVERS}`, ...wish });
const under = (wish: Wish) => maker.make({ by: root, subject: '/CN=between', ...wish });

/** A server certificate below an intermediate one with this fault. */
async function below(wish: Wish): Promise<Served> {
  const between = await under(wish);
  return { own: await leaf({ by: between, extensions: `subjectAltName=DNS:${HOST}` }), above: [between] };
}

describe('a certificate is accepted, as by container clients,', () => {
  it.each<[string, () => Promise<Served>]>([
    ['from an authority', async () => ({ own: await leaf() })],
    ['for an address', async () => ({ own: await leaf(), host: '127.0.0.1' })],
    [
      'for every name of a domain',
      async () => ({ own: await leaf({ extensions: 'subjectAltName=DNS:*.example.com' }) }),
    ],
    ['with an RSA key of 2048 bits', async () => ({ own: await leaf({ key: ['rsa:2048'] }) })],
    ['with an Ed25519 key', async () => ({ own: await leaf({ key: ['ed25519'] }) })],
    ['from an intermediate authority', () => below({ extensions: AUTHORITY })],
    [
      'from an authority of version 1',
      async () => {
        const old = await maker.make({ subject: '/CN=old' });
        return { own: await leaf({ by: old }), trusted: old };
      },
    ],
    [
      'that signed itself, if it is trusted itself',
      async () => {
        const own = await maker.make({ extensions: `${NAMED}\n${FOR_SERVERS}` });
        return { own, trusted: own };
      },
    ],
  ])('%s', async (_, served) => {
    expect(await outcome(await served())).toBe(200);
  });
});

describe('a certificate is refused, as by container clients,', () => {
  const rows: [string, string, () => Promise<Served>][] = [
    [
      'NO_SUBJECT_ALT_NAME',
      'with its host in the CN alone',
      async () => ({
        own: await leaf({ subject: `/CN=${HOST}`, extensions: FOR_SERVERS }),
      }),
    ],
    [
      'NO_SUBJECT_ALT_NAME',
      'of version 1 with its host in the CN',
      async () => ({
        own: await leaf({ subject: `/CN=${HOST}`, extensions: '' }),
      }),
    ],
    [
      'NO_SUBJECT_ALT_NAME',
      'with an e-mail address beside the CN',
      async () => ({
        own: await leaf({ subject: `/CN=${HOST}`, extensions: 'subjectAltName=email:a@example.com' }),
      }),
    ],
    [
      'NO_SUBJECT_ALT_NAME',
      'with its address in the CN alone',
      async () => ({
        own: await leaf({ subject: '/CN=127.0.0.1', extensions: FOR_SERVERS }),
        host: '127.0.0.1',
      }),
    ],
    [
      'WRONG_HOST',
      'with its address among the names',
      async () => ({
        own: await leaf({ extensions: 'subjectAltName=DNS:127.0.0.1' }),
        host: '127.0.0.1',
      }),
    ],
    [
      'WRONG_HOST',
      'with another host beside the right CN',
      async () => ({
        own: await leaf({ subject: `/CN=${HOST}`, extensions: 'subjectAltName=DNS:other.example.com' }),
      }),
    ],
    [
      'WRONG_HOST',
      'with a wildcard beside other characters',
      async () => ({
        own: await leaf({ extensions: 'subjectAltName=DNS:reg*.example.com' }),
      }),
    ],
    [
      'WRONG_USE',
      'for clients',
      async () => ({ own: await leaf({ extensions: `${NAMED}\nextendedKeyUsage=clientAuth` }) }),
    ],
    [
      'WRONG_USE',
      'for the server-gated cryptography of old',
      async () => ({
        own: await leaf({ extensions: `${NAMED}\nextendedKeyUsage=msSGC` }),
      }),
    ],
    [
      'WRONG_USE',
      'below an authority for clients',
      () => below({ extensions: `${AUTHORITY}\nextendedKeyUsage=clientAuth` }),
    ],
    ['WEAK_SIGNATURE', 'signed by SHA-1', async () => ({ own: await leaf({ digest: 'sha1' }) })],
    ['WEAK_SIGNATURE', 'signed by SHA-224', async () => ({ own: await leaf({ digest: 'sha224' }) })],
    ['WEAK_SIGNATURE', 'below an authority signed by SHA-1', () => below({ extensions: AUTHORITY, digest: 'sha1' })],
    ['UNSUITABLE_KEY', 'with an RSA key of 768 bits', async () => ({ own: await leaf({ key: ['rsa:768'] }) })],
    [
      'UNSUITABLE_KEY',
      'below an authority with an RSA key of 768 bits',
      () => below({ extensions: AUTHORITY, key: ['rsa:768'] }),
    ],
    ['UNSUITABLE_KEY', 'with an Ed448 key', async () => ({ own: await leaf({ key: ['ed448'] }) })],
    [
      'UNSUITABLE_KEY',
      'with a key for RSA-PSS alone',
      async () => ({
        own: await leaf({ key: ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'] }),
      }),
    ],
    [
      'UNSUITABLE_KEY',
      'with an RSA key of more than 8192 bits',
      async () => ({ own: await leaf({ key: ['rsa:8200', '-pkeyopt', 'rsa_keygen_primes:5'] }) }),
    ],
    ['EXPIRED', 'below an authority that has expired', () => below({ extensions: AUTHORITY, days: -1 })],
    [
      'UNKNOWN_AUTHORITY',
      'without the intermediate certificate',
      async () => ({
        own: (await below({ extensions: AUTHORITY })).own,
      }),
    ],
    [
      'UNKNOWN_AUTHORITY',
      'that is trusted itself in place of its authority',
      async () => {
        const own = await leaf();
        return { own, trusted: own };
      },
    ],
    [
      'NAME_NOT_PERMITTED',
      'below an authority for other names',
      () => below({ extensions: `${AUTHORITY}\nnameConstraints=critical,permitted;DNS:other.example` }),
    ],
    [
      'NAME_NOT_PERMITTED',
      'below an authority for all names but this',
      () => below({ extensions: `${AUTHORITY}\nnameConstraints=critical,excluded;DNS:example.com` }),
    ],
    [
      'NOT_AN_AUTHORITY',
      'below a certificate without constraints',
      () => below({ extensions: 'keyUsage=keyCertSign' }),
    ],
    [
      'NOT_AN_AUTHORITY',
      'below a trusted certificate that does not say that it is an authority',
      async () => {
        const trusted = await maker.make({ subject: '/CN=root', extensions: 'keyUsage=keyCertSign' });
        return { own: await leaf({ by: trusted }), trusted };
      },
    ],
    [
      'NOT_AN_AUTHORITY',
      'below a trusted certificate that may not sign',
      async () => {
        const trusted = await maker.make({
          subject: '/CN=root',
          extensions: 'basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature',
        });
        return { own: await leaf({ by: trusted }), trusted };
      },
    ],
    [
      'NOT_AN_AUTHORITY',
      'below one authority too many',
      async () => {
        const first = await under({ extensions: 'basicConstraints=critical,CA:TRUE,pathlen:0' });
        const second = await maker.make({ by: first, subject: '/CN=second', extensions: AUTHORITY });
        return { own: await leaf({ by: second }), above: [second, first] };
      },
    ],
  ];

  it.each(rows)(
    'as %s: %s',
    async (reason, _, served) => {
      expect(await outcome(await served())).toBe(reason);
      expect(requests).toEqual([]);
    },
    60_000,
  );
});

describe('a server is refused, as by container clients,', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('that demands a client certificate (%s)', async (version) => {
    const options = { minVersion: version, maxVersion: version, requestCert: true, rejectUnauthorized: true };
    const own = await leaf();
    for (let time = 0; time < 20; time++) {
      expect(await outcome({ own, options })).toBe('CLIENT_CERTIFICATE_DEMANDED');
    }
    expect(requests).toEqual([]);
  });

  it('that offers only old versions of TLS', async () => {
    const options: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    expect(await outcome({ own: await leaf(), options })).toBe('OLD_VERSION');
  });

  it.each(['DHE-RSA-AES128-GCM-SHA256', 'AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA256'])(
    'that offers only %s',
    async (ciphers) => {
      const options: TlsOptions = { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0`, dhparam: 'auto' };
      expect(await outcome({ own: await leaf({ key: ['rsa:2048'] }), options })).toBe('NO_COMMON_CIPHER');
    },
  );
});

it('is accepted from a server that only asks for a client certificate', async () => {
  const options = { requestCert: true, rejectUnauthorized: false };
  expect(await outcome({ own: await leaf(), options })).toBe(200);
});

/** Negative controls: without a guard, Node accepts what container clients refuse. */
describe('without', () => {
  type Module = typeof import('../../../src/adapters/egress/egress.ts');
  it.each<[string, string, string, string, () => Promise<Served>]>([
    [
      'the check of names',
      'pinned-connection.ts',
      'checkServerIdentity: checkIdentity(host, isAddress),',
      '',
      async () => ({
        own: await leaf({ subject: `/CN=${HOST}`, extensions: FOR_SERVERS }),
      }),
    ],
    [
      'the check of the chain',
      'pinned-connection.ts',
      'checkChain(secured);',
      '',
      async () => ({
        own: await leaf({ digest: 'sha224' }),
      }),
    ],
    [
      'the list of ciphers',
      'trust.ts',
      ', ciphers: CIPHERS',
      '',
      async () => ({
        own: await leaf({ key: ['rsa:2048'] }),
        options: { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' },
      }),
    ],
  ])('%s the request succeeds', async (_, file, find, replace, served) => {
    const mutant = await createMutant('adapters/egress', [{ file, find, replace }]);
    const broken = (await mutant.load<Module>('egress.ts')).createEgress(TO_LOOPBACK);
    expect(await outcome(await served(), broken)).toBe(200);
  });
});
