import { buildSchema, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { afterEach, expect, it } from 'vitest';
import { isCompilable } from '../../../src/graphql/pipeline/compiled-execution.ts';

/** How graphql-jit marks a date among literals, before it writes them into source code. */
const DATE_MARK = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d';
const INTRUDING = `{ echo(text: "${DATE_MARK}0,globalThis.intruded=true") }`;

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'intruded');
});

it('would run a string literal as code if it compiled documents that have some', async () => {
  const compiled = compileQuery(buildSchema('type Query { echo(text: String): String }'), parse(INTRUDING));
  if (!isCompiledQuery(compiled)) throw new Error('the document does not compile');
  await compiled.query({ echo: null }, {}, {});
  expect(Reflect.get(globalThis, 'intruded')).toBe(true);
  expect(isCompilable(parse(INTRUDING))).toBe(false);
});

it.each([
  ['a string', '{ echo(text: "a") }'],
  ['a block string', '{ echo(text: """a""") }'],
  ['a string as a default', 'query ($text: String = "a") { echo(text: $text) }'],
  ['a string within an object', '{ echo(input: { list: [["a"]] }) }'],
  ['a string in a fragment', '{ ...F } fragment F on Query { echo(text: "a") }'],
  ['a fraction', '{ echo(number: 1.5) }'],
  ['a directive', 'query ($yes: Boolean!) { echo @skip(if: $yes) }'],
  ['a directive on a fragment', 'query ($yes: Boolean!) { ... @include(if: $yes) { echo } }'],
  ['introspection', '{ __schema { types { name } } }'],
  ['several mutations', 'mutation { a: release b: release }'],
  ['a mutation in a fragment', 'mutation { ...F } fragment F on Mutation { a: release b: release }'],
  ['a type name', '{ echo { __typename } }'],
])('does not compile a document with %s', (_, source) => {
  expect(isCompilable(parse(source))).toBe(false);
});

it('compiles what clients that care for speed send', () => {
  expect(isCompilable(parse('query ($id: ID!) { echo(id: $id, first: 20, on: true, kind: PULL) { name } }'))).toBe(
    true,
  );
});
