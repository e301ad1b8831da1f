import fc, { type GeneratorValue } from 'fast-check';
import { buildSchema, type GraphQLSchema } from 'graphql';

/** A schema with everything that an answer can be made of, whose resolvers answer with the arguments that reached them. */
export function fuzzedSchema(): GraphQLSchema {
  const schema = buildSchema(`
    enum Colour { RED GREEN }
    input Inner { text: String, list: [Int!], colour: Colour, number: Float, other: Other }
    input Other { text: String, colour: Colour }
    type Node {
      id: ID!
      plain: String
      colour(like: Colour): Colour
      echo(text: String = "none", number: Float, whole: Int, list: [String], input: Inner): String
      later(text: String): String
      fails(text: String): String
      failsLater: String!
      nothing: Node!
      child: Node
      children(first: Int): [Node!]!
      holes: [Node]
    }
    type Query { node(id: ID): Node, must: Node! }
    type Mutation { first(text: String): Node, second(text: String): Node }`);
  const node = schema.getType('Node');
  if (node === undefined || !('getFields' in node)) throw new Error('the schema has no nodes');
  const resolvers: Readonly<Record<string, (source: unknown, args: object) => unknown>> = {
    colour: (_, args) => ('like' in args ? args.like : 'RED'),
    echo: (_, args) => JSON.stringify(args),
    later: async (_, args) => JSON.stringify(args),
    fails: (_, args) => {
      throw new Error(`failed with ${JSON.stringify(args)}`);
    },
    failsLater: async () => {
      throw new Error('failed later');
    },
    nothing: () => null,
    child: () => NODE,
    children: async (_, args) => Array(Math.min(Math.max(Number('first' in args ? args.first : 1), 0), 3)).fill(NODE),
    holes: () => [NODE, null, Promise.resolve(NODE)],
  };
  const fields = Object.entries(node.getFields());
  for (const [name, field] of fields) if ('resolve' in field && resolvers[name]) field.resolve = resolvers[name];
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {}))
      field.resolve = (_, args) => ({ ...NODE, plain: JSON.stringify(args) });
  }
  return schema;
}

const NODE = { id: '1', plain: 'plain' };

export interface FuzzedOperation {
  readonly source: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** How graphql-jit 0.8 marks a date among literals before it writes them into source code. */
export const DATE_MARK = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d';

/** Texts that end literals, templates or comments in one language or another. */
const NASTY = [
  `${DATE_MARK}0,globalThis.intruded=true`,
  `${DATE_MARK}`,
  '"',
  "'",
  '`$',
  '\\',
  '\\"',
  '*/',
  '//',
  '\n',
  '\u2028\u2029',
  '__proto__',
  'constructor',
  '</script>',
  '"+globalThis.intruded+"',
  '\ud83d\ude00',
];
const texts = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: 8 }));
const wholes = fc.integer({ min: -3, max: 4 });
const inners = fc.record(
  { text: texts, list: fc.array(wholes, { maxLength: 2 }), colour: fc.constantFrom('RED', 'GREEN') },
  { requiredKeys: [] },
);

const VARIABLES: Readonly<Record<string, { type: string; values: fc.Arbitrary<unknown> }>> = {
  text: { type: 'String', values: fc.option(texts) },
  whole: { type: 'Int', values: fc.option(wholes) },
  yes: { type: 'Boolean!', values: fc.boolean() },
  like: { type: 'Colour', values: fc.constantFrom('RED', 'GREEN', null) },
  input: { type: 'Inner', values: fc.option(inners) },
  list: { type: '[String]', values: fc.option(fc.array(fc.option(texts), { maxLength: 2 })) },
};

/** A document with one operation. With `tame`, one that the allow list lets through more often. */
export function fuzzedOperation(g: GeneratorValue): FuzzedOperation {
  const used = new Set<string>();
  const tame = g(fc.boolean);
  let aliases = 0;
  let fragments = 0;

  const variable = (name: string): string => {
    used.add(name);
    return `$${name}`;
  };
  const literal = (text: string) =>
    g(fc.boolean) ? JSON.stringify(text) : `"""${text.replaceAll('"""', '\\"""')} """`;
  const text = () => (tame || g(fc.boolean) ? variable('text') : literal(g(() => texts)));
  const whole = () => (g(fc.boolean) ? variable('whole') : String(g(() => wholes)));
  const input = (): string =>
    tame || g(fc.boolean)
      ? variable('input')
      : `{ text: ${text()}, list: [${whole().replace(/^\$.*/, '1')}], number: 1.5, other: { colour: RED } }`;

  function directive(): string {
    if (tame || g(fc.nat, { max: 5 }) > 0) return '';
    const condition = g(fc.boolean) ? variable('yes') : String(g(fc.boolean));
    return ` @${g(fc.constantFrom, 'skip', 'include')}(if: ${condition})`;
  }

  function leaf(): string {
    switch (g(fc.nat, { max: 7 })) {
      case 0:
        return `colour(like: ${g(fc.boolean) ? variable('like') : 'GREEN'})`;
      case 1:
        return `echo(text: ${text()}, whole: ${whole()})`;
      case 2:
        return `echo(input: ${input()})`;
      case 3:
        return `echo(list: ${tame || g(fc.boolean) ? variable('list') : `[${text()}, null]`})`;
      case 4:
        return `later(text: ${text()})`;
      case 5:
        return `fails(text: ${text()})`;
      case 6:
        return 'failsLater';
      default:
        return 'plain';
    }
  }

  function selection(depth: number): string {
    if (g(fc.nat, { max: 9 }) === 0) return tame ? 'id' : '__typename';
    aliases += 1;
    const alias = `a${aliases}: `;
    if (depth === 0 || g(fc.boolean)) return `${alias}${leaf()}${directive()}`;
    const inner = selections(depth - 1);
    switch (g(fc.nat, { max: 6 })) {
      case 0:
        return `nothing${directive()} ${inner}`;
      case 1:
        return `${alias}children(first: ${whole()})${directive()} ${inner}`;
      case 2:
        return `holes ${inner}`;
      case 3:
        return `... on Node${directive()} ${inner}`;
      case 4:
        return `...${fragment(inner)}${directive()}`;
      default:
        // Without an alias, so that selections of the same field are merged.
        return `child${directive()} ${inner}`;
    }
  }

  const definitions: string[] = [];
  function fragment(inner: string): string {
    fragments += 1;
    definitions.push(`fragment F${fragments} on Node ${inner}`);
    return `F${fragments}`;
  }

  function selections(depth: number): string {
    const count = 1 + g(fc.nat, { max: 3 });
    return `{ ${Array.from({ length: count }, () => selection(depth)).join(' ')} }`;
  }

  const mutation = g(fc.nat, { max: 4 }) === 0;
  const roots = mutation
    ? [`first(text: ${text()}) ${selections(2)}`, ...(tame ? [] : [`second(text: ${text()}) ${selections(1)}`])]
    : [
        `node(id: "7") ${selections(3)}`.replace('(id: "7")', tame ? '' : '(id: "7")'),
        ...(g(fc.boolean) ? [`must ${selections(2)}`] : []),
      ];
  const body = roots.join(' ');
  const declared = [...used].map((name) => `$${name}: ${VARIABLES[name]?.type}`).join(', ');
  const head = `${mutation ? 'mutation' : 'query'} Q${declared === '' ? '' : `(${declared})`}`;
  const variables: Record<string, unknown> = {};
  for (const name of used) {
    const { type = '', values = fc.constant(null) } = VARIABLES[name] ?? {};
    if (type.endsWith('!') || g(fc.nat, { max: 4 }) > 0) variables[name] = g(() => values);
  }
  return { source: [`${head} { ${body} }`, ...definitions].join('\n'), variables };
}
