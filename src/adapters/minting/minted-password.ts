import { type MintedPassword, MintingFailed } from '../../application/ports/password-minter.ts';
import { MAX_SECRET_BYTES } from '../../domain/entered-credential.ts';
import { instantAt } from '../../domain/instant.ts';
import { Secret } from '../../domain/secret.ts';

/** Visible ASCII: what every token is written in, and what can stand in an `Authorization` header's base64 unharmed. */
const TOKEN = /^[\x21-\x7e]+$/;

/** One that ends sooner is of no use to a pipeline: the cloud said something else, or its clock and ours are far apart. */
const MIN_LIFE_MS = 30_000;

export interface CloudAnswer {
  readonly username: string;
  readonly token: unknown;
  /** Milliseconds since 1970: when the cloud was asked. */
  readonly issuedAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

/**
 * The password that a cloud gave, if it is one that can be used and kept.
 * @throws MintingFailed
 */
export function mintedPassword({ username, token, issuedAt, expiresAt }: CloudAnswer): MintedPassword {
  const issued = instantAt(issuedAt);
  const lives = expiresAt !== undefined && expiresAt - issuedAt >= MIN_LIFE_MS;
  const expires = lives ? instantAt(expiresAt) : undefined;
  const isToken = typeof token === 'string' && TOKEN.test(token) && token.length + username.length <= MAX_SECRET_BYTES;
  if (issued === undefined || expires === undefined || !isToken) throw new MintingFailed('UNEXPECTED_ANSWER');
  return { username, password: new Secret(token), issuedAt: issued, expiresAt: expires };
}
