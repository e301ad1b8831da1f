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
import { InvalidDateTime } from './date-time.ts';
import { protocolError, publicErrorOf } from './errors.ts';
import { checkDocument, DEFAULT_LIMITS, type DocumentLimits } from './limits.ts';

export interface Admission {
  /**
   * Parses a document within the limits and validates it against the schema. What was admitted is remembered.
   * @throws PublicError GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT
   */
  admit(source: string): DocumentNode;
}

export interface DocumentCacheOptions {
  /** `__schema` and `__type` may be asked for. */
  readonly introspection: boolean;
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: DocumentLimits;
}

/** Characters of documents that are remembered; a parsed document takes some fifty times its text. */
const REMEMBERED_CHARACTERS = 1_000_000;

/** The way in for documents, the same for HTTP and WebSocket. */
export function createDocumentCache(schema: GraphQLSchema, options: DocumentCacheOptions): Admission {
  const { introspection, limits = DEFAULT_LIMITS } = options;
  const admitted = new LRUCache<string, DocumentNode>({
    max: 1_000,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (_, source) => source.length,
  });
  return {
    admit(source) {
      const known = admitted.get(source);
      if (known !== undefined) return known;
      const document = parsed(source, limits.maxTokens);
      checkDocument(document, { limits, introspection });
      const [fault] = validate(schema, document, undefined, { maxErrors: 1 });
      if (fault !== undefined) throw validationError(document, fault);
      admitted.set(source, document);
      return document;
    },
  };
}

function validationError(document: DocumentNode, { originalError, nodes, locations }: GraphQLError): Error {
  const field = originalError instanceof InvalidDateTime ? fieldWith(document, nodes?.[0]) : undefined;
  return field === undefined
    ? protocolError('GRAPHQL_VALIDATION_FAILED', { locations })
    : publicErrorOf(notAnInstant(field), { locations });
}

/** The argument or input field that the literal is the value of. */
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
