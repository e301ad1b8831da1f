import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { get as httpGet, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { createCertificates, type TestCertificates } from './certificates.ts';
import { PATIENCE_MS } from './patience.ts';

export interface DockerRegistryOptions {
  /** HTTPS with a certificate of the registry's own authority, or with this one. Default: true. */
  readonly tls?: boolean | TestCertificates;
  /** Refuse uploads, as during maintenance. Default: false. */
  readonly readOnly?: boolean;
  /** Require a login: with a password, or with a token of this server. Default: true. */
  readonly login?: boolean | TokenLogin;
}

/** Whose tokens a registry takes. */
export interface TokenLogin {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM of the certificates that sign tokens. */
  readonly rootCertificateFile: string;
}

export interface DockerRegistry {
  /** `localhost:PORT`. */
  readonly host: string;
  /** PEM of the authority, and the folder with nothing else in it; `undefined` over plain http. */
  readonly caCertificate: string | undefined;
  readonly certsDir: string | undefined;
  /** From now on this user has this password and no other. */
  setPassword(user: string, password: string): Promise<void>;
  /** Whether the registry lets this user in. */
  accepts(user: string, password: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts the reference registry, as Debian ships it, on a free loopback port. Check `skipReason` first. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const { tls = true, readOnly = false, login = true } = options;
  const folder = await mkdtemp(join(tmpdir(), 'purser-registry-'));
  const certificates = tls === true ? await createCertificates(folder) : tls || undefined;
  const passwords = new Map<string, string>();
  const passwordFile = join(folder, 'htpasswd');
  await writeFile(passwordFile, '');
  const port = await freePort();
  const configuration = join(folder, 'config.yml');
  // JSON is YAML.
  await writeFile(
    configuration,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(folder, 'data') },
        maintenance: { readonly: { enabled: readOnly } },
      },
      http: {
        addr: `127.0.0.1:${port}`,
        ...(certificates && { tls: { certificate: certificates.certificateFile, key: certificates.keyFile } }),
      },
      ...(login && {
        auth: login === true ? { htpasswd: { realm: 'purser-tests', path: passwordFile } } : tokens(login),
      }),
    }),
  );
  const registry = spawn('docker-registry', ['serve', configuration], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = text(registry.stderr);
  const stop = async () => {
    await terminate(registry);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(registry, port, certificates);
  } catch (error) {
    await stop();
    throw new Error(`docker-registry did not start: ${await log}`, { cause: error });
  }

  let changedAt = Date.now() / 1000;
  return {
    host: `localhost:${port}`,
    caCertificate: certificates?.caCertificate,
    certsDir: certificates?.caFolder,
    async setPassword(user, password) {
      passwords.set(user, await htpasswdLine(user, password));
      const next = `${passwordFile}.next`;
      await writeFile(next, [...passwords.values()].join(''));
      // The registry reads the file again when its time is later than before, so two changes must not share one.
      changedAt = Math.max(changedAt + 1, Date.now() / 1000);
      await utimes(next, changedAt, changedAt);
      await rename(next, passwordFile);
    },
    async accepts(user, password) {
      const status = await statusOf(port, certificates, { user, password });
      if (status !== 200 && status !== 401) throw new Error(`the registry answered with ${status}`);
      return status === 200;
    },
    stop,
  };
}

function tokens({ realm, service, issuer, rootCertificateFile }: TokenLogin) {
  return { token: { realm, service, issuer, rootcertbundle: rootCertificateFile } };
}

async function htpasswdLine(user: string, password: string): Promise<string> {
  const htpasswd = spawn('htpasswd', ['-niB', '-C', '5', user], { stdio: ['pipe', 'pipe', 'ignore'] });
  const output = text(htpasswd.stdout);
  htpasswd.stdin.end(password);
  const [code] = await once(htpasswd, 'close');
  if (code !== 0) throw new Error(`htpasswd ended with ${code}`);
  return `${(await output).trim()}\n`;
}

/** Another process may take the port in between; the registry then ends and the start fails with its log. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function untilReady(registry: ChildProcess, port: number, certificates: TestCertificates | undefined) {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await statusOf(port, certificates)) === undefined) {
    if (registry.exitCode !== null) throw new Error(`it ended with ${registry.exitCode}`);
    if (Date.now() > deadline) throw new Error(`it did not answer within ${PATIENCE_MS} ms`);
    await delay(25);
  }
}

/** The status of the API's root, with or without a login; `undefined` if no server answers. */
function statusOf(
  port: number,
  certificates: TestCertificates | undefined,
  login?: { user: string; password: string },
): Promise<number | undefined> {
  const auth = login && `${login.user}:${login.password}`;
  const options: RequestOptions = { host: '127.0.0.1', port, path: '/v2/', auth, agent: false, timeout: 1000 };
  return new Promise((resolve) => {
    const request = certificates
      ? httpsGet({ ...options, ca: certificates.caCertificate, servername: 'localhost' })
      : httpGet(options);
    request.on('response', (response) => resolve(response.resume().statusCode));
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
}
