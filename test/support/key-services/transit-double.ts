import { randomBytes, randomUUID } from 'node:crypto';
import type { CloudAnswer, RecordedRequest } from '../../adapters/minting/cloud-stub.ts';
import { type KeyServiceDouble, RETRY_AFTER_SECONDS, seal, startKeyService, unseal } from './key-service-double.ts';

export interface TransitDouble extends KeyServiceDouble {
  /** One token more that is accepted. */
  issueToken(): string;
  /** All tokens that were ever issued. */
  revokeTokens(): void;
  /** A new version, which encrypts from now on. */
  rotate(): void;
  /** Older versions no longer decrypt. */
  minDecryptionVersion(version: number): void;
  readonly logins: readonly unknown[];
}

/** Logins that the double knows. */
export const KUBERNETES = { role: 'purser', jwt: 'a-service-account-token' };
export const APPROLE = { role_id: 'role-1', secret_id: 'secret-1' };
/** Seconds. */
const LEASE = 3_600;
const NAMESPACE = 'team/ci';

/** A protocol double of the transit engine of Vault and OpenBao, at `transit/`, with the key `purser`. */
export async function startTransitDouble({ lease = LEASE }: { readonly lease?: number } = {}): Promise<TransitDouble> {
  const versions = [randomBytes(32)];
  const tokens = new Set<string>();
  const logins: unknown[] = [];
  let minVersion = 1;
  const issueToken = () => {
    const token = `hvs.${randomUUID()}`;
    tokens.add(token);
    return token;
  };

  function logIn(method: string, body: Record<string, unknown>): CloudAnswer {
    logins.push(body);
    const known: Record<string, unknown> = method === 'kubernetes' ? KUBERNETES : APPROLE;
    const fits = Object.entries(known).every(([name, value]) => body[name] === value);
    if (!fits) return { status: 403, body: { errors: ['permission denied'] } };
    return { body: { auth: { client_token: issueToken(), lease_duration: lease, renewable: true } } };
  }

  function encrypt({ plaintext, associated_data }: Record<string, string>) {
    const key = versions.at(-1) ?? Buffer.alloc(0);
    const sealed = seal(key, Buffer.from(associated_data ?? '', 'base64'), Buffer.from(plaintext ?? '', 'base64'));
    return { ciphertext: `vault:v${versions.length}:${sealed.toString('base64')}`, key_version: versions.length };
  }

  function decrypt({ ciphertext = '', associated_data }: Record<string, string>) {
    const { version, sealed } = /^vault:v(?<version>\d+):(?<sealed>[A-Za-z0-9+/]+=*)$/.exec(ciphertext)?.groups ?? {};
    const key = versions[Number(version) - 1];
    if (key === undefined || sealed === undefined) return { error: 'invalid ciphertext: no prefix' };
    if (Number(version) < minVersion) {
      return { error: 'ciphertext or signature version is disallowed by policy (too old)' };
    }
    const opened = unseal(key, Buffer.from(associated_data ?? '', 'base64'), Buffer.from(sealed, 'base64'));
    return opened ? { plaintext: opened.toString('base64') } : { error: 'cipher: message authentication failed' };
  }

  function answer(request: RecordedRequest, asked: KeyServiceDouble['asked']): CloudAnswer {
    const { path, headers, body } = request;
    if (headers['x-vault-namespace'] !== NAMESPACE) return { status: 404, body: { errors: ['no handler for route'] } };
    const json = JSON.parse(body);
    const method = /^\/v1\/auth\/(kubernetes|approle)\/login$/.exec(path)?.[1];
    if (method !== undefined) return logIn(method, json);
    if (!tokens.has(String(headers['x-vault-token']))) return { status: 403, body: { errors: ['permission denied'] } };
    const operation = /^\/v1\/transit\/(encrypt|decrypt)\/purser$/.exec(path)?.[1];
    if (operation === undefined) return { status: 404, body: { errors: [`no handler for route "${path}"`] } };
    asked[operation === 'encrypt' ? 'wrap' : 'unwrap'] += json.batch_input.length;
    const results = json.batch_input.map(operation === 'encrypt' ? encrypt : decrypt);
    const failed = results.some((result: object) => 'error' in result);
    return { status: failed ? 400 : 200, body: { data: { batch_results: results } } };
  }

  const double = await startKeyService({
    answer,
    refuse(fault) {
      switch (fault) {
        case 'forbidden':
          return { status: 403, body: { errors: ['1 error occurred:\n\t* permission denied\n\n'] } };
        case 'missing':
          return { status: 404, body: { errors: ['no handler for route "transit/encrypt/purser"'] } };
        case 'throttled':
          return { status: 429, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) }, body: { errors: ['quota'] } };
        case 'broken':
          return { status: 503, body: { errors: ['Vault is sealed'] } };
      }
    },
  });
  return Object.assign(double, {
    issueToken,
    revokeTokens: () => tokens.clear(),
    rotate: () => void versions.push(randomBytes(32)),
    minDecryptionVersion: (version: number) => {
      minVersion = version;
    },
    logins,
  });
}

/** What KEY_MANAGEMENT says of the double. */
export function transitSettings({ url }: Pick<TransitDouble, 'url'>, auth: object, changes: object = {}): string {
  return JSON.stringify({ transit: { address: url, namespace: NAMESPACE, auth, ...changes } });
}
