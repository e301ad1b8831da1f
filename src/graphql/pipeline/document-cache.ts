import { hash } from 'node:crypto';
import type { ApolloServerOptions } from '@apollo/server';
import {
  type ArgumentNode,
  type ASTNode,
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  Kind,
  type ObjectFieldNode,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { notAnInstant } from '../../domain/text-rules.ts';
import type { GraphqlContext } from './context.ts';
import { DateTime, InvalidDateTime } from './date-time.ts';
import { protocolError, publicErrorOf } from './errors.ts';
import { checkDocument, DEFAULT_LIMITS, type DocumentLimits } from './limits.ts';

/**
 * Admits documents for HTTP and WebSocket: each is parsed, checked against the limits and validated once, then cached,
 * unless a text in it may be a secret. Apollo Server finds it in its `documentStore` and neither parses nor validates it again.
 */
export interface DocumentCache {
  /** @throws PublicError GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT */
  admit(source: string, charge?: ChargeParsing): DocumentNode;
  /** Admits the document. While `use` runs, Apollo Server finds it as well, even if it is not cached. @throws as `admit` */
  during<Result>(
    source: string,
    use: (document: DocumentNode) => Promise<Result>,
    charge?: ChargeParsing,
  ): Promise<Result>;
  readonly documentStore: NonNullable<ApolloServerOptions<GraphqlContext>['documentStore']>;
}

/** Called with the cost of an unknown document, before it is parsed. It throws if the caller may not spend that. */
export type ChargeParsing = (cost: number) => void;

export interface DocumentCacheOptions {
  /** Allows `__schema` and `__type`. */
  readonly introspection: boolean;
  /** Tells what GraphQL.js says of a document, with its suggestions. Only for development. */
  readonly explainFaults?: boolean | undefined;
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: DocumentLimits | undefined;
}

/** The cache's size in characters of document text. A parsed document takes about fifty times its text. */
const REMEMBERED_CHARACTERS = 1_000_000;
/** Of parsing and validating, as values of an answer. */
const PARSING_COST = 1_000;
const CHARACTERS_OF_ONE_COST = 20;
/** Apollo Server's keys end in the SHA-256 of the document's text, in hex. */
const KEY_LENGTH = 64;

interface Admitted {
  readonly document: DocumentNode;
  readonly characters: number;
}

export function createDocumentCache(schema: GraphQLSchema, options: DocumentCacheOptions): DocumentCache {
  const { introspection, explainFaults = false, limits = DEFAULT_LIMITS } = options;
  const admitted = new LRUCache<string, Admitted>({
    max: 1_000,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: ({ characters }) => characters,
  });
  /** Documents of running requests, by key. */
  const inUse = new Map<string, Set<DocumentNode>>();

  function admit(source: string, charge: ChargeParsing | undefined, key = keyOf(source)): DocumentNode {
    const known = admitted.get(key);
    if (known !== undefined) return known.document;
    charge?.(PARSING_COST + source.length / CHARACTERS_OF_ONE_COST);
    const document = parsed(source, limits.maxTokens, explainFaults);
    checkDocument(schema, document, { limits, introspection });
    const [fault] = validate(schema, document, undefined, { maxErrors: 1 });
    if (fault !== undefined) throw validationError(document, fault, explainFaults);
    if (!mayHoldSecret(schema, document)) admitted.set(key, { document, characters: source.length });
    return document;
  }

  return {
    admit: (source, charge) => admit(source, charge),

    async during(source, use, charge) {
      const key = keyOf(source);
      const document = admit(source, charge, key);
      const equal = inUse.get(key) ?? new Set();
      inUse.set(key, equal.add(document));
      try {
        return await use(document);
      } finally {
        equal.delete(document);
        if (equal.size === 0) inUse.delete(key);
      }
    },

    documentStore: {
      async get(storeKey) {
        const key = storeKey.slice(-KEY_LENGTH);
        const [document] = inUse.get(key) ?? [];
        return document ?? admitted.get(key)?.document;
      },
      // Apollo parses and validates a document that was evicted meanwhile; only `admit` puts documents in.
      set: async () => undefined,
      delete: async (key) => admitted.delete(key.slice(-KEY_LENGTH)),
    },
  };
}

function keyOf(source: string): string {
  return hash('sha256', source, 'hex');
}

/** Types of input whose values are no secrets. */
const PLAIN_TYPES: ReadonlySet<string | undefined> = new Set(['ID', DateTime.name]);

/** Whether a text in the document, where variables belong, may be a password, or a URL with one in it. */
function mayHoldSecret(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  visit(
    document,
    visitWithTypeInfo(types, {
      StringValue() {
        if (!PLAIN_TYPES.has(getNamedType(types.getInputType())?.name)) found = true;
        return found ? BREAK : undefined;
      },
    }),
  );
  return found;
}

function validationError(document: DocumentNode, fault: GraphQLError, explain: boolean): Error {
  const { originalError, nodes, locations } = fault;
  const field = originalError instanceof InvalidDateTime ? fieldWith(document, nodes?.[0]) : undefined;
  return field === undefined
    ? protocolError('GRAPHQL_VALIDATION_FAILED', { locations, message: explain ? namesOnly(fault) : undefined })
    : publicErrorOf(notAnInstant(field), { locations });
}

/** Where GraphQL.js quotes names. At other nodes it quotes values, among which may be a password. */
const NODES_WITH_NAMES: ReadonlySet<string> = new Set([
  Kind.FIELD,
  Kind.ARGUMENT,
  Kind.OBJECT_FIELD,
  Kind.NAMED_TYPE,
  Kind.DIRECTIVE,
  Kind.FRAGMENT_SPREAD,
  Kind.INLINE_FRAGMENT,
  Kind.FRAGMENT_DEFINITION,
  Kind.OPERATION_DEFINITION,
  Kind.VARIABLE_DEFINITION,
  Kind.VARIABLE,
]);

function namesOnly({ nodes, message }: GraphQLError): string | undefined {
  return nodes?.every(({ kind }) => NODES_WITH_NAMES.has(kind)) ? message : undefined;
}

/** What a syntax error quotes of the document, which may be a password. */
const QUOTED_TOKEN = /(?<kind>Name|String|BlockString|Int|Float|Comment) ".*$/s;

/** The argument or input field whose value is the literal. */
function fieldWith(document: DocumentNode, literal: ASTNode | undefined): string | undefined {
  let found: string | undefined;
  const look = ({ name, value }: ArgumentNode | ObjectFieldNode) => {
    if (value === literal) found = name.value;
  };
  visit(document, { Argument: look, ObjectField: look });
  return found;
}

function parsed(source: string, maxTokens: number, explain: boolean): DocumentNode {
  try {
    return parse(source, { maxTokens });
  } catch (error) {
    const { locations, message } = error instanceof GraphQLError ? error : {};
    throw protocolError('GRAPHQL_PARSE_FAILED', {
      locations,
      message: explain ? message?.replace(QUOTED_TOKEN, '$<kind>.') : undefined,
    });
  }
}
