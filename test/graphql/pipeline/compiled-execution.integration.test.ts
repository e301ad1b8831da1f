import fc from 'fast-check';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLInputObjectType,
  getNamedType,
  isInputObjectType,
  isNonNullType,
  parse,
  validate,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { afterEach, describe, expect, it } from 'vitest';
import { isCompilable } from '../../../src/graphql/pipeline/compiled-execution.ts';
import { createOperations } from '../../../src/graphql/pipeline/operations.ts';
import { buildPurserSchema } from '../../../src/graphql/schema.ts';
import { DATE_MARK, type FuzzedOperation, fuzzedOperation, fuzzedSchema } from '../../support/fuzzed-operations.ts';

const INTRUDING = `{ node { echo(text: "${DATE_MARK}0,globalThis.intruded=true") } }`;
const schema = fuzzedSchema();

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'intruded');
});

describe('the allow list', () => {
  it.each([
    ['a string', '{ echo(text: "a") }'],
    ['a block string', '{ echo(text: """a""") }'],
    ['a string as a default', 'query ($text: String = "a") { echo(text: $text) }'],
    ['a string within an object', '{ echo(input: { list: [["a"]] }) }'],
    ['a string in a fragment', '{ ...F } fragment F on Query { echo(text: "a") }'],
    ['a fraction', '{ echo(number: 1.5) }'],
    ['a default of what must not be null', 'query ($first: Int! = 20) { echo(first: $first) }'],
    ['a directive', 'query ($yes: Boolean!) { echo @skip(if: $yes) }'],
    ['a directive on a fragment', 'query ($yes: Boolean!) { ... @include(if: $yes) { echo } }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['several mutations', 'mutation { a: release b: release }'],
    ['a mutation in a fragment', 'mutation { ...F } fragment F on Mutation { a: release b: release }'],
    ['a type name', '{ echo { __typename } }'],
  ])('keeps a document with %s from being compiled', (_, source) => {
    expect(isCompilable(parse(source))).toBe(false);
  });

  it('admits the documents of clients that need speed', () => {
    const source = 'query ($id: ID!) { echo(id: $id, first: 20, on: true, kind: PULL) { name } }';
    expect(isCompilable(parse(source))).toBe(true);
  });
});

type Answer = (document: DocumentNode, variables: FuzzedOperation['variables']) => Promise<ExecutionResult>;

const interpreted: Answer = async (document, variableValues) => execute({ schema, document, variableValues });

/** Runs it as the service does, often enough that it is compiled if allowed. */
const asServed: Answer = async (document, variables) => {
  const operation = createOperations(schema).find(document, undefined);
  if (operation === undefined) throw new Error('there is no operation');
  const run = async () => operation.run(undefined, NO_CONTEXT, variables);
  await run();
  await run();
  return run();
};
// The resolvers of this schema look at none.
const NO_CONTEXT = Object.create(null);

const compiledAnyway: Answer = async (document, variables) => {
  const compiled = compileQuery(schema, document, undefined, { disableLeafSerialization: true });
  return isCompiledQuery(compiled)
    ? compiled.query(undefined, NO_CONTEXT, { ...variables })
    : interpreted(document, variables);
};

/**
 * The data, and for every null from an error its path, with the error if it happened there. If several fields
 * below a null failed, the specification leaves open which of their errors are told, and in which order.
 */
function comparable({ data = null, errors = [] }: ExecutionResult): unknown {
  const nulls = errors.map(({ message, path = [] }) => {
    let value: unknown = data;
    const at = path.filter((part) => {
      if (typeof value !== 'object' || value === null) return false;
      value = Reflect.get(value, part);
      return true;
    });
    return JSON.stringify(at.length === path.length ? [at, message] : [at]);
  });
  return JSON.parse(JSON.stringify({ data, errors: [...new Set(nulls)].sort() }));
}

interface Seen {
  compiled: number;
  interpreted: number;
  failed: number;
}

/** Answers generated operations both ways. Fast-check reports the first one whose answers differ. */
async function differential(answer: Answer, runs: number): Promise<{ failure: string | null; seen: Seen }> {
  const seen: Seen = { compiled: 0, interpreted: 0, failed: 0 };
  const property = fc.asyncProperty(fc.gen(), async (g) => {
    const { source, variables } = fuzzedOperation(g);
    const document = parse(source);
    fc.pre(validate(schema, document).length === 0);
    const wanted = await interpreted(document, variables);
    seen[isCompilable(document) ? 'compiled' : 'interpreted'] += 1;
    if (wanted.errors !== undefined) seen.failed += 1;
    expect(comparable(await answer(document, variables)), source).toEqual(comparable(wanted));
    expect(Reflect.get(globalThis, 'intruded')).toBeUndefined();
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: runs, endOnFailure: true });
  return { failure: failed ? `${String(errorInstance)} ${String(counterexample)}` : null, seen };
}

describe('compiled operations', () => {
  it('are answered as GraphQL.js answers them', async () => {
    const { failure, seen } = await differential(asServed, 200);
    expect(failure).toBeNull();
    // The result would mean little if all documents were of one kind.
    expect(seen.compiled).toBeGreaterThan(30);
    expect(seen.interpreted).toBeGreaterThan(30);
    expect(seen.failed).toBeGreaterThan(30);
  });

  it('have the default of a variable that must not be null', async () => {
    const document = parse(
      'query ($colour: Colour! = GREEN, $whole: Int! = 3) { node { colour(like: $colour) echo(whole: $whole) } }',
    );
    expect(validate(schema, document)).toEqual([]);
    expect(await asServed(document, {})).toEqual(await interpreted(document, {}));
  });

  it('would not be without the allow list', async () => {
    expect((await differential(compiledAnyway, 1_000)).failure).not.toBeNull();
  });

  it('would run a string literal as code without the allow list', async () => {
    const document = parse(INTRUDING);
    await compiledAnyway(document, {});
    expect(Reflect.get(globalThis, 'intruded')).toBe(true);
    Reflect.deleteProperty(globalThis, 'intruded');
    await asServed(document, {});
    expect(Reflect.get(globalThis, 'intruded')).toBeUndefined();
  });
});

/** Input types within input types, from this one on: graphql-jit 0.8 never ends compiling one that holds itself. */
function holdsItself(type: GraphQLInputObjectType, above: readonly string[] = []): boolean {
  if (above.includes(type.name)) return true;
  return Object.values(type.getFields()).some((field) => {
    const named = getNamedType(field.type);
    return isInputObjectType(named) && holdsItself(named, [...above, type.name]);
  });
}

it('has no field of an input that must not be null and has a default: graphql-jit 0.8 forgets it', async () => {
  const inputs = Object.values((await buildPurserSchema()).getTypeMap()).filter(isInputObjectType);
  const fields = inputs.flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })));
  expect(fields.length).toBeGreaterThan(50);
  const forgotten = fields.filter(({ field }) => isNonNullType(field.type) && field.defaultValue !== undefined);
  expect(forgotten.map(({ type, field }) => `${type.name}.${field.name}`)).toEqual([]);
});

it('has no input type to compile that holds itself', async () => {
  const inputs = Object.values((await buildPurserSchema()).getTypeMap()).filter(isInputObjectType);
  expect(inputs.filter((type) => holdsItself(type)).map(({ name }) => name)).toEqual([]);
  const recursive = buildSchema('input A { b: [B!] } input B { a: A } type Query { a(a: A): Int }').getType('A');
  expect(isInputObjectType(recursive) && holdsItself(recursive)).toBe(true);
});
