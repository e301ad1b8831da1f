import { createHash, randomBytes } from 'node:crypto';
import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { unavailable } from '../../domain/errors.ts';
import { type KeyEncryptionKey, KeyFault } from '../vault/key-encryption-key.ts';
import { type ExternalKey, locationOf } from '../vault/key-file-format.ts';
import { lengthPrefixed } from '../vault/length-prefixed.ts';
import { type KeyAction, type KeyAnswer, type KeyItem, type KeyService, KeyServiceFailed } from './key-service.ts';
import { createRequestQueue } from './request-queue.ts';
import type { UnwrappedKeys } from './unwrapped-keys.ts';

const KEY_BYTES = 32;
const DEADLINE_MS = 8_000;
const RETRY_AFTER_MS = 300;
const MAX_WAITING = 2_000;

export interface ExternalKeyDeps {
  readonly service: KeyService;
  readonly unwrapped: UnwrappedKeys;
  /** Called after each request. */
  readonly onAsked: (asked: AskedKey) => void;
}

export interface AskedKey {
  readonly key: ExternalKey;
  readonly action: KeyAction;
  /** Undefined if there was an answer. */
  readonly fault: KeyFault | undefined;
  readonly seconds: number;
}

export interface ExternalKeyHandle extends KeyEncryptionKey {
  /** Asks once more for what failed, so that the end of an outage is noticed. Never rejects. */
  probe(action: KeyAction): Promise<void>;
}

/** A key that another service keeps. It is asked with a hash of the context, so that it learns no names. */
export function createExternalKey(
  key: ExternalKey,
  { service, unwrapped, onAsked }: ExternalKeyDeps,
): ExternalKeyHandle {
  const queueFor = (action: KeyAction) =>
    createRequestQueue({
      maxBatch: service.maxBatch,
      maxInFlight: service.maxInFlight,
      maxWaiting: MAX_WAITING,
      deadlineMs: DEADLINE_MS,
      retryAfterMs: RETRY_AFTER_MS,
      send: (items) => send(action, items),
    });
  /** Of unwrapping. Without the key outside it is worth nothing. */
  let last: KeyItem | undefined;
  const queues = { wrap: queueFor('wrap'), unwrap: queueFor('unwrap') };

  async function send(action: KeyAction, items: readonly KeyItem[]): Promise<KeyAnswer[]> {
    const startedAt = performance.now();
    const report = (fault: KeyFault | undefined) =>
      onAsked({ key, action, fault, seconds: (performance.now() - startedAt) / 1_000 });
    try {
      const answers = await service.ask(key, action, items);
      report(undefined);
      return answers;
    } catch (error) {
      report(faultOf(error));
      throw error;
    }
  }

  function faultOf(error: unknown): KeyFault {
    const failed = error instanceof KeyServiceFailed ? error : undefined;
    const kind = failed?.kind === 'refused' ? 'refused' : 'outage';
    const reason = failed?.message ?? 'cannot be used';
    return new KeyFault(key.id, kind, `Key ${key.id} (${locationOf(key)}) ${reason}.`, { cause: error });
  }

  async function ask(action: KeyAction, bytes: Uint8Array, context: Uint8Array): Promise<Buffer> {
    const item = { bytes, binding: createHash('sha256').update(context).digest() };
    if (action === 'unwrap') last = item;
    let answer: KeyAnswer;
    try {
      answer = await queues[action].submit(item);
    } catch (error) {
      throw unavailable('The keys of stored credentials cannot be reached at the moment. Try again.', faultOf(error));
    }
    if (answer === 'invalid') throw new SecretIntegrityError(`external key ${key.id} did not open the wrapped key`);
    return answer;
  }

  return {
    async probe(action) {
      const item = action === 'wrap' ? { bytes: randomBytes(KEY_BYTES), binding: randomBytes(KEY_BYTES) } : last;
      const answer = item && (await queues[action].submit(item).catch(() => undefined));
      if (answer instanceof Buffer) answer.fill(0);
    },
    wrap: (dataKey, context) => ask('wrap', dataKey, context),
    unwrap(wrapped, context) {
      const name = createHash('sha256')
        .update(lengthPrefixed('purser unwrapped key', key.id, wrapped, context))
        .digest('hex');
      return unwrapped.get(name, async () => {
        const dataKey = await ask('unwrap', wrapped, context);
        if (dataKey.length === KEY_BYTES) return dataKey;
        dataKey.fill(0);
        throw new SecretIntegrityError(`external key ${key.id} opened something else than a key`);
      });
    },
  };
}
