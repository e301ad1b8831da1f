import { type MintedPassword, MintingFailed } from '../../application/ports/password-minter.ts';
import { MAX_SECRET_BYTES } from '../../domain/entered-credential.ts';
import { instantAt } from '../../domain/instant.ts';
import { Secret } from '../../domain/secret.ts';

/** Visible ASCII: every token uses it, and it survives the base64 of an `Authorization` header. */
const TOKEN = /^[\x21-\x7e]+$/;

/** A shorter life is of no use to a pipeline: the cloud's answer is wrong, or its clock and ours are far apart. */
const MIN_LIFE_MS = 30_000;

export interface CloudAnswer {
  readonly username: string;
  readonly token: unknown;
  /** When the cloud was asked, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

/** @param seconds `expires_in` of an answer. @returns milliseconds since 1970 */
export function endOfLife(issuedAt: number, seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? issuedAt + seconds * 1000 : undefined;
}

/**
 * The cloud's password, if it can be used and stored.
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
