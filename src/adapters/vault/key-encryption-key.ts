/** One key of the key ring. `context` is bound to the key's id already. */
export interface KeyEncryptionKey {
  /** @throws PurserError UNAVAILABLE with a KeyFault as its cause, if an external key does not answer or refuses */
  wrap(dataKey: Uint8Array, context: Uint8Array): Promise<Buffer>;
  /**
   * The caller zeroes the result.
   * @throws SecretIntegrityError
   * @throws PurserError as above
   */
  unwrap(wrapped: Buffer, context: Uint8Array): Promise<Buffer>;
}

/** An external key did not do what it was asked. The message is for the operator: it names the key, and says what to do. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault';

  constructor(
    readonly keyId: number,
    /** `outage` ends by itself; `refused` needs the operator. */
    readonly kind: 'outage' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Undefined for any other error. */
export function keyFaultOf(error: unknown): KeyFault | undefined {
  return error instanceof Error && error.cause instanceof KeyFault ? error.cause : undefined;
}
