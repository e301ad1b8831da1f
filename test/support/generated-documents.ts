import {
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

export interface GeneratedRequest {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string;
}

/** Random requests that are the same for the same seed. */
export interface DocumentGenerator {
  /** A valid operation: any fields, aliases, fragments, directives, literals or variables. */
  valid(seed: number): GeneratedRequest;
  /** A valid one as a client for speed writes it: all arguments are variables, no directives, mostly permitted. */
  plain(seed: number): GeneratedRequest;
  /** A valid one with something wrong in its text, its variables, or both. */
  mutated(seed: number): GeneratedRequest;
}

/** Strings contain `marked`, so that an answer that quotes the request can be recognised. */
export function documentGenerator(schema: GraphQLSchema, marked: string): DocumentGenerator {
  return {
    valid: (seed) => new Writer(schema, marked, randomFrom(seed)).request(),
    plain: (seed) => new Writer(schema, marked, randomFrom(seed), { plain: true }).request(),
    mutated(seed) {
      const random = randomFrom(seed);
      const request = new Writer(schema, marked, random).request();
      const kind = random(3);
      return {
        ...request,
        query: kind === 1 ? request.query : mutatedText(request.query, random),
        variables: kind === 0 ? request.variables : mutatedVariables(request.variables, random, marked),
      };
    },
  };
}

/** A whole number from 0 to below the bound. */
type Random = (bound: number) => number;

/** mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

class Writer {
  readonly #variables: Record<string, unknown> = {};
  readonly #declared: string[] = [];
  readonly #fragments: string[] = [];

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly marked: string,
    private readonly random: Random,
    private readonly options: { readonly plain: boolean } = { plain: false },
  ) {}

  request(): GeneratedRequest {
    const mutation = this.schema.getMutationType();
    const query = this.schema.getQueryType();
    const isMutation = this.random(3) === 0;
    const root = isMutation ? mutation : query;
    if (!root) throw new Error('the schema has no such root');
    const selection = this.#selection(root, 4);
    const declared = this.#declared.length === 0 ? '' : `(${this.#declared.join(', ')})`;
    return {
      query: `${isMutation ? 'mutation' : 'query'} Generated${declared} ${selection} ${this.#fragments.join(' ')}`,
      variables: this.#variables,
    };
  }

  #selection(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).filter((field) => depth > 0 || isLeafType(getNamedType(field.type)));
    const { plain } = this.options;
    const count = plain && type === this.schema.getMutationType() ? 1 : 1 + this.random(4);
    const chosen = Array.from({ length: count }, () => pick(fields, this.random));
    const parts = chosen.map((field, index) => {
      const inner = getNamedType(field.type);
      const alias = this.random(6) === 0 ? `${field.name}${index}: ` : '';
      const args = field.args.filter((arg) => isRequiredArgument(arg) || this.random(2) === 0);
      const passed = args.map((arg) => `${arg.name}: ${this.#argument(arg.type, arg.name)}`);
      const call = passed.length === 0 ? '' : `(${passed.join(', ')})`;
      const directive =
        !plain && this.random(12) === 0 ? ` @${pick(['skip', 'include'], this.random)}(if: ${this.#bool()})` : '';
      const below = isObjectType(inner) ? ` ${this.#selection(inner, depth - 1)}` : '';
      return `${alias}${field.name}${call}${directive}${below}`;
    });
    if (!plain && this.random(10) === 0) parts.push('__typename');
    if (!plain && this.random(10) === 0) parts.push(`... on ${type.name} { __typename }`);
    if (type !== this.schema.getMutationType() && this.random(8) === 0) {
      const name = `F${this.#fragments.length}`;
      this.#fragments.push(`fragment ${name} on ${type.name} { ${parts.join(' ')} }`);
      return `{ ...${name} }`;
    }
    return `{ ${parts.join(' ')} }`;
  }

  #bool(): string {
    return this.random(2) === 0 ? 'true' : 'false';
  }

  #argument(type: GraphQLInputType, name: string): string {
    const value = this.#value(type, name, 3);
    if (!this.options.plain && this.random(2) === 0) return literal(value, type);
    const variable = `v${this.#declared.length}`;
    this.#declared.push(`$${variable}: ${type}`);
    this.#variables[variable] = value;
    return `$${variable}`;
  }

  #value(type: GraphQLInputType, name: string, depth: number): unknown {
    if (isNonNullType(type)) return this.#value(type.ofType, name, depth);
    if (isListType(type)) return [this.#value(type.ofType, name, depth)];
    if (isEnumType(type)) return pick(type.getValues(), this.random).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || (depth > 0 && this.random(3) === 0),
      );
      return Object.fromEntries(fields.map((field) => [field.name, this.#value(field.type, field.name, depth - 1)]));
    }
    switch (type.name) {
      case 'Int':
        return name === 'first' ? 1 + this.random(100) : this.random(1000);
      case 'Boolean':
        return this.random(2) === 0;
      case 'DateTime':
        return '2030-01-31T09:00:00.000+01:00';
      default:
        return name === 'projectId'
          ? pick(this.options.plain ? ['demo', 'demo', 'demo', 'other'] : ['demo', 'other'], this.random)
          : pick([this.marked, '', 'docker.io'], this.random);
    }
  }
}

function literal(value: unknown, type: GraphQLInputType): string {
  const inner = isNonNullType(type) ? type.ofType : type;
  if (isEnumType(inner)) return String(value);
  if (isListType(inner) && Array.isArray(value))
    return `[${value.map((item) => literal(item, inner.ofType)).join(', ')}]`;
  if (isInputObjectType(inner) && typeof value === 'object' && value !== null) {
    const fields = inner.getFields();
    const parts = Object.entries(value).map(([name, item]) => {
      const field = fields[name];
      return `${name}: ${field === undefined ? JSON.stringify(item) : literal(item, field.type)}`;
    });
    return `{ ${parts.join(', ')} }`;
  }
  return JSON.stringify(value);
}

const NOISE = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '$',
  '@',
  '...',
  '"',
  '"""',
  '#',
  '\\',
  '\0',
  '\ud800',
  '\u202e',
  '💥',
  '__proto__',
  '__typename',
  'constructor',
  'null',
  'true',
  '1e400',
  '-',
  '0x1',
  'on',
  'fragment F on Query { ...F }',
  'subscription',
  '@skip(if: true)',
  '@defer',
  '"\\u0000"',
  '"\\ud800"',
  '9'.repeat(400),
  '{a:'.repeat(30),
];

function mutatedText(text: string, random: Random): string {
  let result = text;
  for (let count = 1 + random(3); count > 0; count -= 1) {
    const at = random(result.length + 1);
    const length = random(8);
    switch (random(4)) {
      case 0:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 1:
        result = result.slice(0, at) + pick(NOISE, random) + result.slice(at);
        break;
      case 2:
        result = result.slice(0, at + length) + result.slice(at);
        break;
      default:
        result = result.slice(0, at);
    }
  }
  return result === '' ? '{' : result;
}

function mutatedVariables(variables: unknown, random: Random, marked: string): unknown {
  const odd = pick(
    [
      null,
      true,
      -1,
      2 ** 31,
      1e308,
      '',
      marked,
      '\0',
      '\ud800',
      [],
      [[[[]]]],
      {},
      { a: { b: { c: {} } } },
      JSON.parse(`{"__proto__": {"polluted": "${marked}"}}`),
      { constructor: { prototype: {} } },
      JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
    ],
    random,
  );
  if (random(6) === 0) return odd;
  const entries = Object.entries(typeof variables === 'object' && variables !== null ? variables : {});
  if (entries.length === 0) return { [marked]: odd };
  const chosen = random(entries.length);
  return Object.fromEntries(
    entries.map(([name, value], index) => {
      if (index !== chosen) return [name, value];
      if (typeof value !== 'object' || value === null || random(2) === 0) return [name, odd];
      const inner = Object.keys(value);
      return [name, { ...value, [inner.length === 0 ? marked : pick(inner, random)]: odd }];
    }),
  );
}
