import type { ExternalKey } from '../vault/key-file-format.ts';

export type KeyAction = 'wrap' | 'unwrap';

export interface KeyItem {
  /** The data key, or what it was wrapped to. */
  readonly bytes: Uint8Array;
  /** 32 bytes that stand for the context. They tell nothing of it. */
  readonly binding: Uint8Array;
}

/** `invalid`: the wrapped key was changed, or belongs to another key or context. */
export type KeyAnswer = Buffer | 'invalid';

/** Amazon's service, or a transit engine. */
export interface KeyService {
  /** How many items it takes in one request. */
  readonly maxBatch: number;
  readonly maxInFlight: number;
  /** One request. Gives an answer for each item, in their order. @throws KeyServiceFailed */
  ask(key: ExternalKey, action: KeyAction, items: readonly KeyItem[]): Promise<KeyAnswer[]>;
}

/**
 * `outage`: no answer, or one that says that the service does not work; `throttled`: asked too often; `refused`: what the
 * operator has to mend.
 */
export type KeyServiceFault = 'outage' | 'throttled' | 'refused';

/** The message is the end of a sentence that begins with the key, and holds no secret. */
export class KeyServiceFailed extends Error {
  override readonly name = 'KeyServiceFailed';

  constructor(
    readonly kind: KeyServiceFault,
    message: string,
    /** When the service wants to be asked again. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
