import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StructureFault, structureFault } from '../../../src/adapters/auth/duplicate-keys.ts';

describe('a JSON text', () => {
  const cases: readonly (readonly [string, StructureFault | undefined])[] = [
    ['{}', undefined],
    ['[]', undefined],
    ['1', undefined],
    ['"a"', undefined],
    ['{"a":1,"b":1}', undefined],
    ['{"a":{"a":{"a":1}}}', undefined],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"a":["a","a"],"b":"a"}', undefined],
    ['{"a":"\\"a\\":","b":"{\\"a\\":1}"}', undefined],
    ['{"a":"\\\\","b":"\\\\\\""}', undefined],
    ['{"a":1,"A":1,"a ":1," a":1}', undefined],
    ['{"__proto":1,"_proto__":1,"Constructor":1}', undefined],
    ['["__proto__","constructor"]', undefined],
    ['{"a":"__proto__"}', undefined],
    ['{"a":1,"a":1}', 'duplicate-key'],
    ['{"a":1,"b":{},"a":1}', 'duplicate-key'],
    ['{"a":{"b":1,"b":1}}', 'duplicate-key'],
    ['[[{"a":[],"a":[]}]]', 'duplicate-key'],
    ['{"a":[{"x":1}],"a":1}', 'duplicate-key'],
    ['{"a"\t\r\n :1,"a":1}', 'duplicate-key'],
    ['{"a":1,"\\u0061":1}', 'duplicate-key'],
    ['{"\\ud83d\\ude00":1,"😀":1}', 'duplicate-key'],
    ['{"\\/":1,"/":1}', 'duplicate-key'],
    ['{"":1,"":1}', 'duplicate-key'],
    ['{"\\\\":1,"\\\\":1}', 'duplicate-key'],
    ['{"__proto__":1}', 'reserved-key'],
    ['{"\\u005f_proto__":1}', 'reserved-key'],
    ['[[{"a":{"constructor":1}}]]', 'reserved-key'],
    ['{"prototype" :1}', 'reserved-key'],
    [`${'['.repeat(16)}${']'.repeat(16)}`, undefined],
    [`${'['.repeat(17)}${']'.repeat(17)}`, 'too-deep'],
    [`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`, 'too-deep'],
    [`[${Array.from({ length: 50 }, () => '[[]]').join()}]`, undefined],
  ];
  test.each(cases)('%s: %s', (json, fault) => {
    JSON.parse(json);
    expect(structureFault(json)).toBe(fault);
  });
});

/** JSON as a tree of pairs, which unlike an object can hold a key twice. */
type Tree = string | number | null | { readonly list: readonly Tree[] } | { readonly pairs: readonly [string, Tree][] };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    fc.record({ list: fc.array(tie('tree'), { maxLength: 3 }) }),
    fc.record({
      pairs: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', '"', '\\', 'é', '', 'd:', '{'), tie('tree')), {
        maxLength: 3,
      }),
    }),
  ),
}));

function write(value: Tree, escaping: boolean, space: string): string {
  if (value === null || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if ('list' in value) return `[${space}${value.list.map((item) => write(item, escaping, space)).join(`,${space}`)}]`;
  const pairs = value.pairs.map(([key, item], index) => {
    const text = escaping && index % 2 === 0 ? escaped(key) : JSON.stringify(key);
    return `${text}${space}:${space}${write(item, !escaping, space)}`;
  });
  return `{${pairs.join(`${space},`)}${space}}`;
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'));
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}

function hasDuplicate(value: Tree): boolean {
  if (value === null || typeof value !== 'object') return false;
  if ('list' in value) return value.list.some(hasDuplicate);
  const keys = value.pairs.map(([key]) => key);
  return new Set(keys).size < keys.length || value.pairs.some(([, item]) => hasDuplicate(item));
}

const agrees = (scan: (json: string) => StructureFault | undefined) =>
  fc.property(tree, fc.boolean(), fc.constantFrom('', ' ', '\n\t '), (value, escaping, space) => {
    const json = write(value, escaping, space);
    JSON.parse(json);
    return (scan(json) === 'duplicate-key') === hasDuplicate(value);
  });

test('equal keys are found exactly where there are some, in any tree and spelling', () => {
  fc.assert(agrees(structureFault), { numRuns: 3000 });
});

test('that property finds a scanner that compares keys as they are written', () => {
  const literal = (json: string) => structureFault(json.replaceAll('\\', '\\\\').replaceAll('\\\\"', '\\"'));

  expect(fc.check(agrees(literal), { numRuns: 3000 }).failed).toBe(true);
});

test('any text at all is scanned to its end without a fault of the scanner', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...'{}[]",:\\u0 a')).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        JSON.parse(text);
      } catch {
        return;
      }
      structureFault(text);
    }),
    { numRuns: 3000 },
  );
});
