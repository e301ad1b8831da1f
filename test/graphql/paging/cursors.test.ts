import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PurserError } from '../../../src/domain/errors.ts';
import { type CursorScope, createCursors } from '../../../src/graphql/paging/cursors.ts';

const key = randomBytes(32);
const cursors = createCursors(key);

const scopes: fc.Arbitrary<CursorScope> = fc.oneof(
  fc.record({ of: fc.constantFrom('notices' as const, 'changes' as const), projectId: fc.string() }),
  fc.record({
    of: fc.constantFrom('registries' as const, 'audit' as const),
    projectId: fc.string(),
    selection: fc.string(),
  }),
);
const positions = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });

function refusal(scope: CursorScope, cursor: string, by = cursors): unknown {
  try {
    return by.decode(scope, cursor);
  } catch (error) {
    return error instanceof PurserError ? [error.code, error.details] : error;
  }
}
const REFUSED = ['BAD_USER_INPUT', { field: 'after' }];

it('decodes to its position, also on a replica with the same key', () => {
  const replica = createCursors(Buffer.from(key));
  fc.assert(
    fc.property(scopes, positions, (scope, position) => {
      const cursor = cursors.encode(scope, position);
      expect(replica.decode(scope, cursor)).toBe(position);
    }),
  );
});

it('refuses a cursor in which any bit was flipped', () => {
  fc.assert(
    fc.property(scopes, positions, fc.nat(), (scope, position, at) => {
      const bytes = Buffer.from(cursors.encode(scope, position), 'base64url');
      const index = at % (bytes.length * 8);
      bytes[index >> 3] = (bytes[index >> 3] ?? 0) ^ (1 << (index & 7));
      expect(refusal(scope, bytes.toString('base64url'))).toEqual(REFUSED);
    }),
    { numRuns: 500 },
  );
});

it('refuses every other spelling of a good cursor', () => {
  const scope: CursorScope = { of: 'notices', projectId: 'demo' };
  const cursor = cursors.encode(scope, '12');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spellings = [
    ...Array.from(alphabet, (last) => cursor.slice(0, -1) + last).filter((text) => text !== cursor),
    `${cursor}=`,
    `${cursor} `,
    ` ${cursor}`,
    `${cursor}\n`,
    Buffer.from(cursor, 'base64url').toString('base64'),
    `${cursor}A`,
  ].filter((text) => text !== cursor);
  for (const spelling of spellings) expect(refusal(scope, spelling)).toEqual(REFUSED);
});

it('refuses cursors that are cut off, invented or too long', () => {
  const scope: CursorScope = { of: 'audit', projectId: 'demo', selection: '' };
  const cursor = cursors.encode(scope, '12345');
  for (let length = 0; length < cursor.length; length += 1) {
    expect(refusal(scope, cursor.slice(0, length))).toEqual(REFUSED);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(refusal(scope, text)).toEqual(REFUSED);
    }),
  );
  expect(refusal(scope, 'A'.repeat(1_000_000))).toEqual(REFUSED);
});

it("refuses another project's, another list's, another filter's and another key's cursor", () => {
  fc.assert(
    fc.property(scopes, scopes, positions, (scope, other, position) => {
      fc.pre(JSON.stringify(scope) !== JSON.stringify(other));
      expect(refusal(other, cursors.encode(scope, position))).toEqual(REFUSED);
    }),
  );
  const scope: CursorScope = { of: 'notices', projectId: 'demo' };
  expect(refusal(scope, cursors.encode(scope, '1'), createCursors(randomBytes(32)))).toEqual(REFUSED);
});

it('does not take a boundary between two parts for another', () => {
  const made = cursors.encode({ of: 'registries', projectId: 'a', selection: 'b' }, '1');
  expect(refusal({ of: 'registries', projectId: 'ab', selection: '' }, made)).toEqual(REFUSED);
  expect(refusal({ of: 'registries', projectId: 'a","b', selection: '' }, made)).toEqual(REFUSED);
});

it('requires a key of 32 bytes', () => {
  expect(() => createCursors(randomBytes(31))).toThrow('32 bytes');
});
