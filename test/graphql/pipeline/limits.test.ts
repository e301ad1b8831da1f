import { GraphQLError, type GraphQLObjectType, type GraphQLSchema, getIntrospectionQuery, isObjectType } from 'graphql';
import { beforeAll, expect, it } from 'vitest';
import { PurserError } from '../../../src/domain/errors.ts';
import { listLength } from '../../../src/graphql/pipeline/answer-size.ts';
import { createDocumentCache, type DocumentCache } from '../../../src/graphql/pipeline/document-cache.ts';
import { DEFAULT_LIMITS } from '../../../src/graphql/pipeline/limits.ts';
import { buildPurserSchema } from '../../../src/graphql/schema.ts';
import * as operations from '../../service/operations.ts';
import { operationOn, rootFields } from '../../support/generated-operations.ts';

const ALL_FIELDS =
  '{ id projectId url enteredUrl name description email provider username access caCertificate revision createdAt createdBy updatedAt updatedBy credential { version kind status expiresAt expirySource rotateEveryDays rotationDueAt rotatedAt rotatedBy warnings staged { version stagedAt stagedBy expiresAt } } health { testedAt outcome advice login pull push method repository durationMs } usage { lastUsedAt lastUsedBy activeLeases pipelines { pipeline lastUsedAt leases linked } } }';

let schema: GraphQLSchema;
let production: DocumentCache;
let development: DocumentCache;
beforeAll(async () => {
  schema = await buildPurserSchema();
  production = createDocumentCache(schema, { introspection: false });
  development = createDocumentCache(schema, { introspection: true });
});

function verdict(source: string, admission = production): string {
  try {
    admission.admit(source);
    return 'admitted';
  } catch (error) {
    if (error instanceof PurserError) return error.code;
    return error instanceof GraphQLError ? String(error.extensions.code) : String(error);
  }
}

function times(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(' ');
}

/** Fragments that each spread the next one twice: the last is reached 2^n times. */
function fanOut(fragments: number): string {
  return `{ viewer { ...F0 } } ${times(fragments, (n) => `fragment F${n} on Viewer { ...F${n + 1} ...F${n + 1} }`)} fragment F${fragments} on Viewer { subject }`;
}

function nestedFanOut(levels: number): string {
  return `{ registry(projectId: "a", id: "b") { ...F0 } } ${times(levels, (n) => `fragment F${n} on Registry { a: credential { version } ...F${n + 1} b: credential { version } ...F${n + 1} }`)} fragment F${levels} on Registry { id }`;
}

const CIRCULAR = '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }';

it.each([
  ['fields within fields', `${'{ registry '.repeat(50)}${'}'.repeat(50)}`],
  ['inline fragments within inline fragments', `{ ${'... { '.repeat(900)} viewer ${'}'.repeat(900)} }`],
  ['too many aliases', `{ ${times(16, (n) => `a${n}: viewer { subject }`)} }`],
  [
    'too many aliases in a fragment',
    `{ ...F } fragment F on Query { ${times(16, (n) => `a${n}: viewer { subject }`)} }`,
  ],
  ['too many directives', `{ viewer { subject ${times(11, () => '@skip(if: false)')} } }`],
  ['too many fragments that fan out', fanOut(20)],
  ['fragments that fan out with fields', nestedFanOut(20)],
  ['circular fragments', CIRCULAR],
  ['a fragment that spreads itself', '{ viewer { ...A } } fragment A on Viewer { ...A }'],
  ['circular fragments that no operation uses', `${CIRCULAR.replace('{ viewer { ...A } }', '{ viewer { subject } }')}`],
  ['a fragment that is not there', '{ viewer { ...Nowhere } }'],
  ['one field again and again', `{ viewer { ${times(900, () => 'subject')} } }`],
  ['one field again and again, in inline fragments', `{ viewer { ${times(300, () => '... { subject }')} } }`],
  [
    'many fragments',
    `{ viewer { ${times(190, (n) => `...F${n}`)} } } ${times(190, (n) => `fragment F${n} on Viewer { subject }`)}`,
  ],
  [
    'three lists of hundreds with all their fields',
    `{ ${times(9, (n) => `a${n}: registries(projectId: "a", first: 100) { nodes ${ALL_FIELDS} edges { node ${ALL_FIELDS} } }`)} }`,
  ],
  [
    'a list whose length is a variable',
    `query ($n: Int) { ${times(9, (n) => `a${n}: registries(projectId: "a", first: $n) { nodes ${ALL_FIELDS} edges { node ${ALL_FIELDS} } }`)} }`,
  ],
  ['`__proto__` as an alias', '{ __proto__: viewer { subject } }'],
  ['`__proto__` as a variable', 'query ($__proto__: ID!) { registries(projectId: $__proto__) { totalCount } }'],
  ['introspection', '{ __schema { types { name } } }'],
  ['introspection of one type', '{ __type(name: "Registry") { name } }'],
  ['introspection in a fragment', '{ ...F } fragment F on Query { __schema { types { name } } }'],
])('refuses %s', (_, source) => {
  expect(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']).toContain(verdict(source));
});

it('refuses too many tokens while it reads them', () => {
  const tokens = (count: number) => `{ viewer { ${times(count - 5, () => '...')} } }`;
  expect(verdict(`{ ${'a '.repeat(DEFAULT_LIMITS.maxTokens)}}`)).toBe('GRAPHQL_PARSE_FAILED');
  expect(verdict(tokens(100_000))).toBe('GRAPHQL_PARSE_FAILED');
});

it('admits every field of the schema with all its subfields', () => {
  for (const field of rootFields(schema)) expect(verdict(operationOn(field, 'demo').query)).toBe('admitted');
});

const page = (selection: string, first = '$n') =>
  `query ${first === '$n' ? '($n: Int)' : ''} { registries(projectId: "a", first: ${first}) { ${selection} pageInfo { endCursor hasNextPage } totalCount } }`;
const SHORT_FIELDS = ALL_FIELDS.replace('caCertificate', '');

it.each([
  ['a hundred registries with all their fields', page(`nodes ${ALL_FIELDS}`)],
  ['a hundred registries as edges', page(`edges { cursor node ${ALL_FIELDS} }`)],
  [
    'a hundred registries without certificates, twice',
    page(`nodes ${SHORT_FIELDS} edges { cursor node ${SHORT_FIELDS} }`),
  ],
  ['twenty registries with all their fields, twice', page(`nodes ${ALL_FIELDS} edges { node ${ALL_FIELDS} }`, '20')],
  [
    'the same in fragments',
    `${page('...P')} fragment P on RegistryConnection { nodes { ...R } } fragment R on Registry ${ALL_FIELDS}`,
  ],
  ...Object.entries(operations).filter(([, text]) => /^(query|mutation)/.test(text)),
])('admits %s', (_, source) => {
  expect(verdict(source)).toBe('admitted');
});

const certificates = (count: number) => times(count, (n) => `c${n}: caCertificate`);

it.each([
  ['aliases of the certificate', page(`nodes { ${certificates(15)} }`)],
  [
    'aliases of a page',
    `{ ${times(4, (n) => `a${n}: registries(projectId: "a", first: 100) { nodes { caCertificate } }`)} }`,
  ],
  [
    'both nodes and edges',
    page('nodes { caCertificate description x: caCertificate } edges { node { caCertificate } }'),
  ],
  ['fragments', `${page('nodes { ...A ...A ...A ...A }')} fragment A on Registry { caCertificate }`],
  ['inline fragments', page(`nodes { ... { ... on Registry { ${certificates(4)} } } }`)],
  [
    'a page that the fragment does not show',
    `{ registries(projectId: "a", first: 100) { ...P } } fragment P on RegistryConnection { nodes { ${certificates(4)} } }`,
  ],
  ['the largest page of a variable', page(`nodes { ${certificates(4)} }`)],
  [
    'a page of the default length',
    `{ registries(projectId: "a") { nodes { ${certificates(15)} } edges { node { caCertificate } } } }`,
  ],
  ['names of fields that are long', page(`nodes { ${'a'.repeat(60_000)}: id }`)],
])('refuses an answer that would be larger than 5 MB by %s, and says what to do', (_, source) => {
  expect(() => production.admit(source)).toThrow(
    /could take [\d.]+ MB; at most 5 MB are answered\. Ask for a smaller page/,
  );
  expect(verdict(source)).toBe('BAD_USER_INPUT');
});

it('knows how long every list of the schema can be', () => {
  const unbounded = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values((type as GraphQLObjectType).getFields())
        .filter((field) => listLength(field) === 'page' && !['nodes', 'edges'].includes(field.name))
        .filter((field) => !field.args.some(({ name }) => name === 'first'))
        .map((field) => `${type.name}.${field.name}`),
    );
  expect(unbounded).toEqual([]);
});

it('admits the introspection of tools outside production', () => {
  for (const options of [{}, { inputValueDeprecation: true, directiveIsRepeatable: true, specifiedByUrl: true }]) {
    expect(verdict(getIntrospectionQuery(options), development)).toBe('admitted');
  }
  expect(verdict(getIntrospectionQuery())).toBe('GRAPHQL_VALIDATION_FAILED');
  expect(verdict('{ viewer { __typename subject } }')).toBe('admitted');
});

it('refuses documents that a validation without limits would check for seconds', () => {
  // With 13 fragments an answer would have 8,192 times the field; with 20 a million.
  expect(verdict(fanOut(13))).toBe('admitted');
  expect(verdict(fanOut(15))).toBe('GRAPHQL_VALIDATION_FAILED');
});
