import {
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { badUserInput } from '../../domain/errors.ts';
import { type CostLimits, createMeasure, isIntrospection } from './answer-cost.ts';
import { protocolError } from './errors.ts';
import { isStorable, unstorableText } from './input-text.ts';

export interface DocumentLimits extends CostLimits {
  readonly maxTokens: number;
  /** Nesting of fields. A fragment counts at each spread. */
  readonly maxDepth: number;
  /** For `__schema` and `__type`, if introspection is on. The usual introspection query nests 14 deep. */
  readonly maxIntrospectionDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** Validation compares all fragments with each other. */
  readonly maxFragments: number;
  /** Of the largest answer: docs/decisions/answer-cost.md. */
  readonly maxAnswerBytes: number;
}

export const DEFAULT_LIMITS: DocumentLimits = {
  maxTokens: 2_000,
  maxDepth: 10,
  maxIntrospectionDepth: 16,
  maxAliases: 15,
  maxDirectives: 10,
  maxFragments: 20,
  maxCost: 30_000,
  maxAnswerBytes: 5_000_000,
  maxRepetitions: 10,
};

/**
 * Refuses documents that would be expensive to validate or run. It visits every node once, even with nested fragments,
 * and runs before validation, which some documents make slow.
 * @throws PublicError GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT
 */
export function checkDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { limits = DEFAULT_LIMITS, introspection }: { limits?: DocumentLimits; introspection: boolean },
): void {
  countNodes(document, limits, introspection);
  const measure = createMeasure({ schema, document, limits });
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, introspects, fields, bytes } = measure.operation(definition);
    if (depth > (introspects ? limits.maxIntrospectionDepth : limits.maxDepth)) throw refused();
    if (fields > limits.maxCost) throw refused();
    if (bytes > limits.maxAnswerBytes) throw tooLarge(bytes, limits.maxAnswerBytes);
  }
}

function tooLarge(bytes: number, maxBytes: number): Error {
  const [megabytes, most] = [bytes, maxBytes].map((size) => Math.ceil(size / 100_000) / 10);
  return badUserInput(
    'query',
    `The answer to \`query\` could take ${megabytes} MB; at most ${most} MB are answered. Ask for a smaller page (\`first\`), or for fewer long fields such as \`caCertificate\`.`,
  );
}

function refused(): Error {
  return protocolError('GRAPHQL_VALIDATION_FAILED');
}

function countNodes(document: DocumentNode, limits: DocumentLimits, introspection: boolean): void {
  let aliases = 0;
  let directives = 0;
  let fragments = 0;
  visit(document, {
    FragmentDefinition() {
      fragments += 1;
      if (fragments > limits.maxFragments) throw refused();
    },
    Directive() {
      directives += 1;
      if (directives > limits.maxDirectives) throw refused();
    },
    Field(field) {
      if (field.alias !== undefined) aliases += 1;
      if (aliases > limits.maxAliases) throw refused();
      if (!introspection && isIntrospection(field)) throw refused();
    },
    Name(name, _key, parent) {
      // GraphQL reserves names with this prefix, and `__proto__` has it too. Only GraphQL's own fields may use it.
      if (name.value.startsWith('__') && !isFieldName(name, parent)) throw refused();
    },
    StringValue(text, _key, parent, _path, ancestors) {
      if (!isStorable(text.value)) throw unstorableText(inputName(parent === undefined ? [] : [...ancestors, parent]));
    },
  });
}

function isFieldName(name: ASTNode, parent: unknown): boolean {
  if (typeof parent !== 'object' || parent === null || !('kind' in parent)) return false;
  if (parent.kind === Kind.NAMED_TYPE) return true;
  return parent.kind === Kind.FIELD && 'name' in parent && parent.name === name;
}

/** The argument or input field that contains a literal. */
function inputName(ancestors: readonly (ASTNode | readonly ASTNode[])[]): string {
  for (const ancestor of [...ancestors].reverse()) {
    if (!('kind' in ancestor)) continue;
    if (ancestor.kind === Kind.OBJECT_FIELD || ancestor.kind === Kind.ARGUMENT) return ancestor.name.value;
    if (ancestor.kind === Kind.VARIABLE_DEFINITION) return ancestor.variable.name.value;
  }
  return 'query';
}

/** True only if there is certainly a single root field. Fragments are not followed. */
export function isOneField({ selectionSet: { selections } }: OperationDefinitionNode): boolean {
  return selections.length === 1 && selections[0]?.kind === Kind.FIELD;
}
