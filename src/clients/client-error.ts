/** Why a client of Purser failed. The message is for people and never contains a token or a secret. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
}

/** Nobody refused anything: a service was not there, or could not answer at the moment. */
export class UnavailableError extends ClientError {
  override readonly name = 'UnavailableError';
}
