import { execFile } from 'node:child_process';
import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestCertificates } from './certificates.ts';
import type { TokenLogin } from './docker-registry.ts';
import { type Account, accountOf, intersection, scopesOf } from './stub-registries/registry-api.ts';
import { type StubRequest, startStubHost } from './stub-registries/stub-host.ts';

const execute = promisify(execFile);
const LIFETIME_S = 300;
/** Nobody has this user name; clients put it in the place of one if the password is an identity token. */
const IDENTITY_TOKEN_USER = '<token>';

export interface TokenServer {
  /** For the registry that takes its tokens. */
  readonly login: TokenLogin;
  readonly requests: readonly StubRequest[];
  stop(): Promise<void>;
}

export interface TokenServerOptions {
  /** To keep the signing key in. */
  readonly folder: string;
  readonly certificates: TestCertificates;
  readonly accounts: readonly Account[];
}

/**
 * Makes tokens by the distribution specification, over HTTPS on a free loopback port, as JWTs with x5c: for GET with Basic, and
 * for POST with the identity token of the account `<token>`.
 */
export async function startTokenServer({ folder, certificates, accounts }: TokenServerOptions): Promise<TokenServer> {
  const keyFile = join(folder, 'tokens.key');
  const rootCertificateFile = join(folder, 'tokens.crt');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', keyFile, '-out', rootCertificateFile, '-days', '1', '-subj', '/CN=Test tokens'];
  await execute('openssl', ['req', '-x509', ...ec, ...files]);
  const key = await readFile(keyFile, 'utf8');
  const x5c = [new X509Certificate(await readFile(rootCertificateFile)).raw.toString('base64')];
  const [service, issuer] = ['purser-tests', 'purser-tests-tokens'];

  const jwt = (subject: string, access: readonly unknown[]) => {
    const now = Math.floor(Date.now() / 1000);
    const header = { typ: 'JWT', alg: 'ES256', x5c };
    const times = { exp: now + LIFETIME_S, nbf: now - 5, iat: now };
    const claims = { iss: issuer, sub: subject, aud: service, ...times, jti: randomUUID(), access };
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  };

  const persons = accounts.filter(({ username }) => username !== IDENTITY_TOKEN_USER);
  const { certificateFile, keyFile: serverKeyFile } = certificates;
  const pair = { cert: await readFile(certificateFile), key: await readFile(serverKeyFile) };
  const host = await startStubHost('127.0.0.1', pair, (request) => {
    const query = request.method === 'POST' ? new URLSearchParams(request.body) : request.query;
    const account = accountOf(request, persons) ?? accountOfIdentityToken(query, accounts);
    if (request.path !== '/token' || query.get('service') !== service) return { status: 404 };
    if (account === undefined) return { status: 401, headers: { 'www-authenticate': 'Basic realm="tokens"' } };
    const token = jwt(account.username, intersection(account, scopesOf({ query })));
    const times = { expires_in: LIFETIME_S, issued_at: new Date().toISOString() };
    return { status: 200, body: { token, access_token: token, ...times } };
  });
  return {
    login: { realm: `https://localhost:${host.port}/token`, service, issuer, rootCertificateFile },
    requests: host.requests,
    stop: () => host.close(),
  };
}

function accountOfIdentityToken(form: URLSearchParams, accounts: readonly Account[]): Account | undefined {
  if (form.get('grant_type') !== 'refresh_token') return undefined;
  const token = form.get('refresh_token');
  return accounts.find(({ username, password }) => username === IDENTITY_TOKEN_USER && password === token);
}
