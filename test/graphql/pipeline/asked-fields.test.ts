import { buildSchema, execute, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { expect, it } from 'vitest';
import { isAskedFor } from '../../../src/graphql/pipeline/asked-fields.ts';

const schema = buildSchema('type Query { list: List! } type List { total: Int, latest: String, nodes: [List!] }');

/** How the resolver sees it, interpreted and compiled. */
async function seen(query: string): Promise<boolean[]> {
  const asked: boolean[] = [];
  const list = schema.getQueryType()?.getFields().list;
  if (list === undefined) throw new Error('no such field');
  // A compiler passes `info` to resolvers with four parameters.
  list.resolve = (_source, _args, _context, info) => {
    asked.push(isAskedFor(info, 'latest'));
    return {};
  };
  const document = parse(query);
  await execute({ schema, document });
  const compiled = compileQuery(schema, document);
  if (isCompiledQuery(compiled)) await compiled.query(undefined, undefined, {});
  return asked;
}

it.each([
  ['by its name', '{ list { latest } }', true],
  ['beside other fields', '{ list { total latest nodes { total } } }', true],
  ['by an alias', '{ list { total: latest } }', true],
  ['in a fragment of a fragment', '{ list { ...A } } fragment A on List { ...B } fragment B on List { latest }', true],
  ['in an inline fragment', '{ list { ... on List { latest } } }', true],
  ['in the second of two equal fields', '{ list { total } list { latest } }', true],
  ['by nobody', '{ list { total latest: total } }', false],
  ['deeper down only', '{ list { nodes { latest } } }', false],
])('a field is asked for %s', async (_how, query, expected) => {
  expect(await seen(query)).toEqual([expected, expected]);
});
