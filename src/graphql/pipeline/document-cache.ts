import { hash } from 'node:crypto';
import type { ApolloServerOptions } from '@apollo/server';
import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type ObjectFieldNode,
  parse,
  validate,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { notAnInstant } from '../../domain/text-rules.ts';
import type { GraphqlContext } from './context.ts';
import { InvalidDateTime } from './date-time.ts';
import { protocolError, publicErrorOf } from './errors.ts';
import { checkDocument, DEFAULT_LIMITS, type DocumentLimits } from './limits.ts';

/**
 * Admits documents for HTTP and WebSocket: each is parsed, checked against the limits and validated once, then cached.
 * Apollo Server finds it in its `documentStore` and neither parses nor validates it again.
 */
export interface DocumentCache {
  /** @throws PublicError GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT */
  admit(source: string): DocumentNode;
  readonly documentStore: NonNullable<ApolloServerOptions<GraphqlContext>['documentStore']>;
}

export interface DocumentCacheOptions {
  /** Allows `__schema` and `__type`. */
  readonly introspection: boolean;
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: DocumentLimits | undefined;
}

/** The cache's size in characters of document text. A parsed document takes about fifty times its text. */
const REMEMBERED_CHARACTERS = 1_000_000;
/** Apollo Server's keys end in the SHA-256 of the document's text, in hex. */
const KEY_LENGTH = 64;

interface Admitted {
  readonly document: DocumentNode;
  readonly characters: number;
}

export function createDocumentCache(schema: GraphQLSchema, options: DocumentCacheOptions): DocumentCache {
  const { introspection, limits = DEFAULT_LIMITS } = options;
  const admitted = new LRUCache<string, Admitted>({
    max: 1_000,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: ({ characters }) => characters,
  });
  return {
    admit(source) {
      const key = hash('sha256', source, 'hex');
      const known = admitted.get(key);
      if (known !== undefined) return known.document;
      const document = parsed(source, limits.maxTokens);
      checkDocument(document, { limits, introspection });
      const [fault] = validate(schema, document, undefined, { maxErrors: 1 });
      if (fault !== undefined) throw validationError(document, fault);
      admitted.set(key, { document, characters: source.length });
      return document;
    },
    documentStore: {
      get: async (key) => admitted.get(key.slice(-KEY_LENGTH))?.document,
      // Apollo parses and validates a document that was evicted meanwhile; only `admit` puts documents in.
      set: async () => undefined,
      delete: async (key) => admitted.delete(key.slice(-KEY_LENGTH)),
    },
  };
}

function validationError(document: DocumentNode, { originalError, nodes, locations }: GraphQLError): Error {
  const field = originalError instanceof InvalidDateTime ? fieldWith(document, nodes?.[0]) : undefined;
  return field === undefined
    ? protocolError('GRAPHQL_VALIDATION_FAILED', { locations })
    : publicErrorOf(notAnInstant(field), { locations });
}

/** The argument or input field whose value is the literal. */
function fieldWith(document: DocumentNode, literal: ASTNode | undefined): string | undefined {
  let found: string | undefined;
  const look = ({ name, value }: ArgumentNode | ObjectFieldNode) => {
    if (value === literal) found = name.value;
  };
  visit(document, { Argument: look, ObjectField: look });
  return found;
}

function parsed(source: string, maxTokens: number): DocumentNode {
  try {
    return parse(source, { maxTokens });
  } catch (error) {
    const locations = error instanceof GraphQLError ? error.locations : undefined;
    throw protocolError('GRAPHQL_PARSE_FAILED', { locations });
  }
}
