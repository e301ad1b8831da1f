/** Why a client of Purser could not do its work. The message is meant for a person and never holds a token or a secret. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
}
