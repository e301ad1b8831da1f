import {
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { isPageSize, MAX_PAGE_SIZE, pageSizeFault } from '../paging/page-size.ts';
import { protocolError } from './errors.ts';
import { isStorable, unstorableText } from './input-text.ts';

export interface DocumentLimits {
  readonly maxTokens: number;
  /** Nesting of fields. A fragment counts at each spread. */
  readonly maxDepth: number;
  /** For `__schema` and `__type`, if introspection is on. The usual introspection query nests 14 deep. */
  readonly maxIntrospectionDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** Validation compares all fragments with each other. */
  readonly maxFragments: number;
  /** Fields that one answer can have. A list counts `first` times the fields selected from it. */
  readonly maxCost: number;
  /** Of one name in one selection. Validation compares them pairwise, so the cost is quadratic. */
  readonly maxRepetitions: number;
}

export const DEFAULT_LIMITS: DocumentLimits = {
  maxTokens: 2_000,
  maxDepth: 10,
  maxIntrospectionDepth: 16,
  maxAliases: 15,
  maxDirectives: 10,
  maxFragments: 20,
  maxCost: 20_000,
  maxRepetitions: 10,
};

/**
 * Refuses documents that would be expensive to validate or run. It visits every node once, even with nested fragments,
 * and runs before validation, which some documents make slow.
 * @throws PublicError GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT
 */
export function checkDocument(
  document: DocumentNode,
  { limits = DEFAULT_LIMITS, introspection }: { limits?: DocumentLimits; introspection: boolean },
): void {
  countNodes(document, limits, introspection);
  const measure = selectionMeasurer(document, limits);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, introspects } = measure(definition.selectionSet);
    if (depth > (introspects ? limits.maxIntrospectionDepth : limits.maxDepth)) throw refused();
  }
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

function isIntrospection(field: FieldNode): boolean {
  return field.name.value === '__schema' || field.name.value === '__type';
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

interface Measure {
  readonly depth: number;
  readonly cost: number;
  readonly introspects: boolean;
}

function selectionMeasurer(document: DocumentNode, limits: DocumentLimits): (selection: SelectionSetNode) => Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure | 'under way'>();

  function fragment(name: string): Measure {
    const known = measured.get(name);
    if (known === 'under way') throw refused();
    if (known !== undefined) return known;
    const definition = fragments.get(name);
    if (definition === undefined) throw refused();
    measured.set(name, 'under way');
    const measure = selectionSet(definition.selectionSet);
    measured.set(name, measure);
    return measure;
  }

  function selectionSet(set: SelectionSetNode, repetitions = new Map<string, number>()): Measure {
    let depth = 0;
    let cost = 0;
    let introspects = false;
    for (const selection of set.selections) {
      const inner =
        selection.kind === Kind.FIELD
          ? field(selection, repetitions)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? fragment(selection.name.value)
            : selectionSet(selection.selectionSet, repetitions);
      depth = Math.max(depth, inner.depth);
      cost += inner.cost;
      introspects ||= inner.introspects;
      if (cost > limits.maxCost) throw refused();
    }
    return { depth, cost, introspects };
  }

  function field(node: FieldNode, repetitions: Map<string, number>): Measure {
    const name = node.alias?.value ?? node.name.value;
    const times = (repetitions.get(name) ?? 0) + 1;
    repetitions.set(name, times);
    if (times > limits.maxRepetitions) throw refused();
    const inner =
      node.selectionSet === undefined ? { depth: 0, cost: 0, introspects: false } : selectionSet(node.selectionSet);
    return {
      depth: inner.depth + 1,
      cost: 1 + inner.cost * listLength(node),
      introspects: inner.introspects || isIntrospection(node),
    };
  }

  return (set) => selectionSet(set);
}

/** How many items a field asks for. A variable counts as the largest page. */
function listLength(field: FieldNode): number {
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value;
  if (first === undefined) return 1;
  if (first.kind !== Kind.INT) return MAX_PAGE_SIZE;
  const length = Number(first.value);
  if (!isPageSize(length)) throw pageSizeFault();
  return length;
}

/** True only if there is certainly a single root field. Fragments are not followed. */
export function isOneField({ selectionSet: { selections } }: OperationDefinitionNode): boolean {
  return selections.length === 1 && selections[0]?.kind === Kind.FIELD;
}
