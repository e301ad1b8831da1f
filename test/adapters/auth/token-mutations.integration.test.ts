import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AuthenticationFailed, type Authenticator } from '../../../src/application/ports/authenticator.ts';
import { rounds } from '../../support/rounds.ts';
import { authenticator, encode, forge } from './forge.ts';
import { GOOD_TOKENS } from './good-tokens.ts';

const MUTATIONS = rounds({ usual: 2_000, torture: 10_000 });
const good = Object.values(GOOD_TOKENS).filter((token) => token.length < 2000);
const goodSet: ReadonlySet<string> = new Set(good);

const character = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
);
const place = fc.nat({ max: 1_000_000 });
const part = fc.constantFrom(0, 1, 2);

/** A change of one good token, sometimes with a part of another. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('replace'), at: place, character }),
  fc.record({ kind: fc.constant('insert'), at: place, character }),
  fc.record({ kind: fc.constant('delete'), at: place, length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('swap'), at: place, to: place }),
  fc.record({ kind: fc.constant('bit'), part, at: place }),
  fc.record({ kind: fc.constant('bytes'), part, at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('part'), part, other: fc.constantFrom(...good) }),
  fc.record({ kind: fc.constant('splice'), at: place, other: fc.constantFrom(...good) }),
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function apply(token: string, change: Change): string {
  if ('part' in change) return changePart(token, change);
  const at = change.at % token.length;
  if ('to' in change) {
    const to = change.to % token.length;
    const characters = [...token];
    [characters[at], characters[to]] = [characters[to] ?? '', characters[at] ?? ''];
    return characters.join('');
  }
  if ('other' in change) return token.slice(0, at) + change.other.slice(at);
  if ('length' in change) return token.slice(0, at) + token.slice(at + change.length);
  return token.slice(0, at) + change.character + token.slice(at + (change.kind === 'replace' ? 1 : 0));
}

function changePart(token: string, change: Extract<Change, { part: number }>): string {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[change.part] ?? '', 'base64url');
  if ('other' in change) {
    parts[change.part] = change.other.split('.')[change.part] ?? '';
    return parts.join('.');
  }
  const at = change.at % bytes.length;
  if ('bytes' in change) bytes.set(change.bytes.subarray(0, bytes.length - at), at);
  else bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (change.at % 8)), at);
  parts[change.part] = encode(bytes);
  return parts.join('.');
}

/** This many different tokens, all of them bad. */
function mutatedTokens(count: number): string[] {
  const tokens = new Set<string>();
  for (const [token, mutation] of fc.sample(fc.tuple(fc.constantFrom(...good), change), count * 2)) {
    const mutated = apply(token, mutation);
    if (!goodSet.has(mutated)) tokens.add(mutated);
    if (tokens.size === count) break;
  }
  return [...tokens];
}

async function accepted(target: Pick<Authenticator, 'authenticate'>, tokens: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const token of tokens) {
    const outcome = await target.authenticate(token).then(
      () => 'accepted',
      (error: unknown) => error,
    );
    if (!(outcome instanceof AuthenticationFailed)) found.push(token);
  }
  return found;
}

test(`none of ${MUTATIONS} different mutations of good tokens is accepted, and the good ones still are`, async () => {
  const verifier = authenticator();
  expect(await accepted(verifier, good)).toEqual(good);
  const tokens = mutatedTokens(MUTATIONS);
  expect(tokens).toHaveLength(MUTATIONS);

  expect(await accepted(verifier, tokens)).toEqual([]);
  expect(await accepted(verifier, good)).toEqual(good);
});

test('the mutations detect a verifier that decodes leniently', async () => {
  const verifier = authenticator();
  const lenient: Pick<Authenticator, 'authenticate'> = {
    authenticate: (token) => {
      const parts = token.split('.').map((text) => encode(Buffer.from(text, 'base64url')));
      return verifier.authenticate(parts.join('.'));
    },
  };

  expect(await accepted(lenient, mutatedTokens(2000))).not.toEqual([]);
});

test('the mutations detect a verifier that caches a token by only part of its text', async () => {
  const verifier = authenticator();
  const remembered = new Map<string, string>(good.map((token) => [token.slice(-40), token]));
  const forgetful: Pick<Authenticator, 'authenticate'> = {
    authenticate: (token) => verifier.authenticate(remembered.get(token.slice(-40)) ?? token),
  };

  expect(await accepted(forgetful, mutatedTokens(2000))).not.toEqual([]);
});

test('every single flipped bit of a token is detected', async () => {
  const verifier = authenticator();
  const flipped = [forge(), forge({ key: 'eddsa' })].flatMap((token) =>
    token.split('.').flatMap((text, index, parts) =>
      [...Buffer.from(text, 'base64url').keys()].flatMap((at) =>
        [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
          const bytes = Buffer.from(text, 'base64url');
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
          return parts.with(index, encode(bytes)).join('.');
        }),
      ),
    ),
  );
  expect(flipped.length).toBeGreaterThan(4000);

  expect(await accepted(verifier, flipped)).toEqual([]);
});
