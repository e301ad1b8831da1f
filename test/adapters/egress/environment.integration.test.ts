import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTlsAuthority, type TlsAuthority } from './tls-authority.ts';
import { startVictim, type Victim } from './victim.ts';

const execute = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../../..');
const SOURCES = ['egress', 'allow-list'].map((name) => join(REPOSITORY, `src/adapters/egress/${name}.ts`));

/** Sends one request through the guard, and one without it. */
const PROGRAM = `
  import { EnvHttpProxyAgent, request } from 'undici';
  import { get } from 'node:https';
  import { createEgress } from './dist/src/adapters/egress/egress.js';
  import { parseAllowList } from './dist/src/adapters/egress/allow-list.js';
  const [how, url, caCertificate = null] = process.argv.slice(2);
  const ways = {
    async guarded() {
      const egress = createEgress({ allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set(['127.0.0.1']) });
      const answer = await egress.request({ url, headers: { authorization: 'Bearer x' } }, { caCertificate });
      return answer.status;
    },
    async proxied() {
      const { statusCode } = await request(url, { dispatcher: new EnvHttpProxyAgent({ proxyTunnel: false }) });
      return statusCode;
    },
    plain: () => new Promise((resolve, reject) => get(url, ({ statusCode }) => resolve(statusCode)).on('error', reject)),
  };
  const outcome = await ways[how]().catch((error) => error.message);
  console.log(String(outcome));
  process.exit();
`;

let folder: string;
let authority: TlsAuthority;
let server: Server;
let proxy: Victim;
let url: string;

beforeAll(async () => {
  [folder, authority, proxy] = await Promise.all([compiled(), createTlsAuthority(), startVictim()]);
  server = createServer(await authority.issue('IP:127.0.0.1'), (_, response) => response.end('whole'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.close();
  await Promise.all([authority.remove(), proxy.close(), rm(folder, { recursive: true, force: true })]);
});

/** The compiled guard in a new process, because Node reads its environment at its start. */
async function compiled(): Promise<string> {
  const target = await mkdtemp(join(tmpdir(), 'purser-egress-'));
  const compilerOptions = {
    rootDir: REPOSITORY,
    outDir: join(target, 'dist'),
    typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    incremental: false,
    tsBuildInfoFile: null,
  };
  const project = { extends: join(REPOSITORY, 'tsconfig.build.json'), compilerOptions, include: [], files: SOURCES };
  await Promise.all([
    writeFile(join(target, 'tsconfig.json'), JSON.stringify(project)),
    writeFile(join(target, 'package.json'), '{ "type": "module" }'),
    writeFile(join(target, 'ask.js'), PROGRAM),
    symlink(join(REPOSITORY, 'node_modules'), join(target, 'node_modules')),
  ]);
  await execute(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', target]);
  return target;
}

async function run(
  how: 'guarded' | 'proxied' | 'plain',
  environment: Readonly<Record<string, string>>,
  target = url,
  ...more: readonly string[]
): Promise<string> {
  const child = execute(process.execPath, [join(folder, 'ask.js'), how, target, ...more], { env: { ...environment } });
  return (await child).stdout.trim();
}

const UNKNOWN = 'no answer: TLS_INVALID (UNKNOWN_AUTHORITY)';

describe('the environment', () => {
  it('adds no authority: NODE_EXTRA_CA_CERTS works for others, but not here', async () => {
    const environment = { NODE_EXTRA_CA_CERTS: authority.certificateFile };
    expect(await run('plain', environment)).toBe('200');
    expect(await run('guarded', environment)).toBe(UNKNOWN);
    expect(await run('guarded', environment, url, authority.certificate)).toBe('200');
  });

  it('adds no store: SSL_CERT_FILE with --use-openssl-ca works for others, but not here', async () => {
    const environment = { SSL_CERT_FILE: authority.certificateFile, NODE_OPTIONS: '--use-openssl-ca' };
    expect(await run('plain', environment)).toBe('200');
    expect(await run('guarded', environment)).toBe(UNKNOWN);
  });

  it('does not switch the check off: NODE_TLS_REJECT_UNAUTHORIZED works for others, but not here', async () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await run('plain', environment)).toBe('200');
    expect(await run('guarded', environment)).toBe(UNKNOWN);
  });

  it('brings back no old version: NODE_OPTIONS works for others, but not here', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const oldServer = createServer({ ...(await authority.issue('IP:127.0.0.1')), ...old }, (_, response) =>
      response.end(),
    );
    oldServer.listen(0, '127.0.0.1');
    await once(oldServer, 'listening');
    const target = `https://127.0.0.1:${(oldServer.address() as AddressInfo).port}/`;
    const environment = {
      NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0',
      NODE_EXTRA_CA_CERTS: authority.certificateFile,
    };
    expect(await run('plain', environment, target)).toBe('200');
    expect(await run('guarded', environment, target, authority.certificate)).toBe(
      'no answer: TLS_INVALID (OLD_VERSION)',
    );
    oldServer.close();
  });

  it('names no proxy: its variables work for others, but not here', async () => {
    const address = `http://127.0.0.1:${proxy.port}`;
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const environment = {
      ...Object.fromEntries(names.map((name) => [name, address])),
      NO_PROXY: '',
      NODE_USE_ENV_PROXY: '1',
    };
    expect(await run('guarded', environment, url, authority.certificate)).toBe('200');
    expect(await run('guarded', environment, url.replace('https:', 'http:'))).toBe('no answer: MALFORMED_ANSWER');
    expect(await proxy.connections()).toBe(0);

    expect(await run('proxied', environment, url.replace('https:', 'http:'))).toBe('200');
    expect(await proxy.connections()).toBe(1);
  });
});
