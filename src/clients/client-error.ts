/** Why a client of Purser failed. The message is for people and never contains a token or a secret. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
}
