import type { Egress, EgressResponse } from '../../application/ports/egress.ts';
import { decodedJson, failedRequest } from './asked-service.ts';
import { type KeyAction, type KeyAnswer, type KeyItem, type KeyService, KeyServiceFailed } from './key-service.ts';
import type { TransitSettings } from './settings.ts';
import { createTransitLogin } from './transit-login.ts';

const DEADLINE_MS = 5_000;
const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 4;

const OPERATIONS = {
  wrap: { path: 'encrypt', input: 'plaintext', output: 'ciphertext' },
  unwrap: { path: 'decrypt', input: 'ciphertext', output: 'plaintext' },
} as const;

/**
 * The transit engine of Vault and OpenBao, over their HTTP API. The context goes as associated data, so the key must be of
 * an AEAD type and not derived. Only the paths `encrypt/<name>` and `decrypt/<name>` are asked.
 */
export function createTransit(settings: TransitSettings, egress: Egress, now: () => number): KeyService {
  const { address, namespace, caCertificate } = settings;
  const send = (path: string, body: object, token?: string): Promise<EgressResponse> =>
    egress.request(
      {
        url: `${address}/v1/${path}`,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-vault-request': 'true',
          ...(namespace !== null && { 'x-vault-namespace': namespace }),
          ...(token !== undefined && { 'x-vault-token': token }),
        },
        body: JSON.stringify(body),
      },
      { caCertificate, deadlineMs: DEADLINE_MS },
    );
  const login = createTransitLogin(settings.auth, send, now);

  /** A token may have been revoked, or have ended early: it is fetched anew once. */
  async function post(path: string, body: object): Promise<EgressResponse> {
    const token = await login.token();
    const answer = await send(path, body, token);
    if (answer.status !== 403) return answer;
    const next = await login.token({ insteadOf: token });
    return next === token ? answer : send(path, body, next);
  }

  return {
    maxBatch: MAX_BATCH,
    maxInFlight: MAX_IN_FLIGHT,
    async ask(key, action, items) {
      if (key.kind !== 'transit') throw new TypeError('the key is not of a transit engine');
      const { path, input } = OPERATIONS[action];
      const batch = items.map(({ bytes, binding }) => ({
        [input]: Buffer.from(bytes).toString(action === 'wrap' ? 'base64' : 'latin1'),
        associated_data: Buffer.from(binding).toString('base64'),
      }));
      const capability = `${key.mount}/${path}/${key.name}`;
      let answer: EgressResponse;
      try {
        answer = await post(capability, { batch_input: batch });
      } catch (error) {
        throw failedRequest(error);
      }
      return answersOf(answer, action, items, capability);
    },
  };
}

/** If some items fail, the status is 400, and each item has its result all the same. */
function answersOf(
  answer: EgressResponse,
  action: KeyAction,
  items: readonly KeyItem[],
  capability: string,
): KeyAnswer[] {
  const json = decodedJson(answer.body);
  const results = json?.data?.batch_results;
  const isWhole = (answer.status === 200 || answer.status === 400) && Array.isArray(results);
  if (!isWhole || results.length !== items.length) throw refusal(answer, json?.errors, capability);
  return results.map((result: unknown) => {
    const { error, [OPERATIONS[action].output]: output } = { ...Object(result) } as Record<string, unknown>;
    if (typeof output === 'string' && output !== '' && !error) {
      return Buffer.from(output, action === 'wrap' ? 'latin1' : 'base64');
    }
    const fault = itemFault(String(error ?? ''), action, capability);
    if (fault !== undefined) throw fault;
    return 'invalid';
  });
}

/** What is wrong with the key, and not with one item. */
function itemFault(error: string, action: KeyAction, capability: string): KeyServiceFailed | undefined {
  if (/disallowed by policy|too old/i.test(error)) {
    return new KeyServiceFailed(
      'refused',
      `no longer opens what an earlier version of it has wrapped: lower its min_decryption_version`,
    );
  }
  if (/context|derived/i.test(error) && !/authentication/i.test(error)) {
    return new KeyServiceFailed(
      'refused',
      'is derived or convergent: give a key of the type aes256-gcm96 without these',
    );
  }
  if (/associated data|associated_data|not supported|unsupported/i.test(error)) {
    return new KeyServiceFailed('refused', `is of a type without associated data: give a key of the type aes256-gcm96`);
  }
  if (/key not found|no existing key/i.test(error)) return missing(capability);
  return action === 'wrap'
    ? new KeyServiceFailed('refused', `does not encrypt: look at the key in the engine`)
    : undefined;
}

function missing(capability: string): KeyServiceFailed {
  return new KeyServiceFailed(
    'refused',
    `is not there: ${capability} was not found. Make the key, or correct its mount and name`,
  );
}

function refusal({ status, headers }: EgressResponse, errors: unknown, capability: string): KeyServiceFailed {
  const said = Array.isArray(errors) ? errors.map(String).join(' ') : '';
  if (status === 403) {
    return new KeyServiceFailed('refused', `may not be used: a policy must allow update on ${capability}`);
  }
  if (status === 404) return missing(capability);
  if (status === 400) return itemFault(said, 'wrap', capability) ?? missing(capability);
  if (status === 429) return new KeyServiceFailed('throttled', 'was asked too often', retryAfterMs(headers));
  if (status >= 300 && status < 400) {
    return new KeyServiceFailed(
      'refused',
      'is at another address, which was redirected to: set the address of the active node',
    );
  }
  return new KeyServiceFailed('outage', `was answered with status ${status}`, retryAfterMs(headers));
}

const MAX_RETRY_AFTER_MS = 5_000;

function retryAfterMs(headers: EgressResponse['headers']): number | undefined {
  const seconds = Number(headers.get('retry-after')?.[0]);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : undefined;
}
