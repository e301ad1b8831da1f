import * as z from 'zod';
import type { Revocations } from '../../application/ports/authenticator.ts';
import { OperatorError } from '../../domain/errors.ts';

/** The list of revoked tokens cannot be used. The message names the file, the line, and what to write there. */
export class RevokedTokensError extends OperatorError {
  override readonly name = 'RevokedTokensError';
}

/** A list of revoked tokens that does not change. */
export type RevokedTokens = Pick<Revocations, 'isRevoked'>;

export const MAX_ENTRIES = 1_000_000;
const MAX_LINE_LENGTH = 2048;
/** After so many lines, requests get their turn. */
const LINES_AT_ONCE = 500;

const ENTRY_FAULT =
  'must be a JSON object: {"issuer", "jti"} for one token, or {"issuer", "subject", "issuedBefore"} for all tokens of a subject that were issued before a time';
const text = z.string().min(1).max(255);
const entry = z.union(
  [
    z.strictObject({ issuer: text, jti: text }),
    z.strictObject({ issuer: text, subject: text, issuedBefore: z.iso.datetime({ offset: true }) }),
  ],
  { error: ENTRY_FAULT },
);

/**
 * Reads a list with one entry a line. Empty lines and lines that begin with `#` count for nothing.
 * @param issuers the names of all issuers: an entry of any other would revoke nothing, unnoticed
 * @param source the name of the list, for errors
 * @throws RevokedTokensError
 */
export async function readRevokedTokens(
  lines: AsyncIterable<string> | Iterable<string>,
  issuers: ReadonlySet<string>,
  source: string,
): Promise<RevokedTokens> {
  const ids = new Map<string, Set<string>>();
  const subjects = new Map<string, Map<string, number>>();
  let number = 0;
  let entries = 0;
  for await (const line of lines) {
    number += 1;
    if (number % LINES_AT_ONCE === 0) await new Promise(setImmediate);
    if (line.trim() === '' || line.startsWith('#')) continue;
    const parsed = line.length > MAX_LINE_LENGTH ? undefined : entry.safeParse(jsonOf(line)).data;
    if (parsed === undefined) throw fault(ENTRY_FAULT);
    if (!issuers.has(parsed.issuer)) throw fault('names an issuer that JWT_ISSUERS does not have');
    entries += 1;
    if (entries > MAX_ENTRIES)
      throw fault(`is entry ${entries}: at most ${MAX_ENTRIES} are kept, so remove expired tokens`);
    if ('jti' in parsed) {
      of(ids, parsed.issuer, () => new Set<string>()).add(parsed.jti);
    } else {
      const times = of(subjects, parsed.issuer, () => new Map<string, number>());
      const time = Date.parse(parsed.issuedBefore);
      times.set(parsed.subject, Math.max(time, times.get(parsed.subject) ?? time));
    }
  }
  return {
    isRevoked: ({ issuer, subject, tokenId, issuedAt }) =>
      (tokenId !== null && ids.get(issuer)?.has(tokenId) === true) ||
      issuedAt < (subjects.get(issuer)?.get(subject) ?? Number.NEGATIVE_INFINITY),
  };

  function fault(what: string): RevokedTokensError {
    return new RevokedTokensError(`${source}: line ${number} ${what}.`);
  }
}

function of<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
