import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { isPageSize, MAX_PAGE_SIZE, pageSizeFault } from '../paging/page-size.ts';
import { largestValue, listLength } from './answer-size.ts';
import { protocolError } from './errors.ts';

/** What an answer can come to at most. */
export interface Cost {
  /** Values in it. */
  readonly fields: number;
  readonly bytes: number;
}

export interface CostLimits {
  /** Values that one answer can have. */
  readonly maxCost: number;
  /** Of one name in one selection. Validation compares them pairwise, so the cost is quadratic. */
  readonly maxRepetitions: number;
}

/** The largest answer of an operation. */
export interface OperationMeasure extends Cost {
  /** Nesting of fields. */
  readonly depth: number;
  readonly introspects: boolean;
}

export interface MeasureOptions {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly limits: CostLimits;
  /** The value of a variable as a page's length. Default: the largest page. */
  readonly pageOf?: (variable: string) => number;
}

/** `once` is in the answer once, `item` for each item of the page around it. */
interface Measure {
  readonly depth: number;
  readonly introspects: boolean;
  readonly once: Cost;
  readonly item: Cost;
}

const NOTHING: Cost = { fields: 0, bytes: 0 };
const LEAF: Measure = { depth: 0, introspects: false, once: NOTHING, item: NOTHING };
/** Quotes, colon and comma around a field's name. */
const PUNCTUATION_BYTES = 4;

/**
 * Estimates the largest answer: a value by its largest size, times the lengths of the lists around it, at each alias and at each
 * spread of a fragment. It looks at every node once, even with nested fragments.
 * @throws PublicError GRAPHQL_VALIDATION_FAILED @throws PurserError BAD_USER_INPUT
 */
export function createMeasure({ schema, document, limits, pageOf = () => MAX_PAGE_SIZE }: MeasureOptions) {
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
    const measure = selectionSet(definition.selectionSet, schema.getType(definition.typeCondition.name.value));
    measured.set(name, measure);
    return measure;
  }

  function selectionSet(
    set: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    repetitions = new Map<string, number>(),
  ): Measure {
    let { depth, introspects, once, item } = LEAF;
    for (const selection of set.selections) {
      const inner =
        selection.kind === Kind.FIELD
          ? field(selection, type, repetitions)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? fragment(selection.name.value)
            : selectionSet(selection.selectionSet, conditionOf(selection.typeCondition?.name.value, type), repetitions);
      depth = Math.max(depth, inner.depth);
      introspects ||= inner.introspects;
      once = sum(once, inner.once);
      item = sum(item, inner.item);
      if (once.fields + item.fields > limits.maxCost) throw refused();
    }
    return { depth, introspects, once, item };
  }

  function conditionOf(name: string | undefined, around: GraphQLNamedType | undefined): GraphQLNamedType | undefined {
    return name === undefined ? around : schema.getType(name);
  }

  function field(node: FieldNode, parent: GraphQLNamedType | undefined, repetitions: Map<string, number>): Measure {
    const name = node.alias?.value ?? node.name.value;
    const times = (repetitions.get(name) ?? 0) + 1;
    repetitions.set(name, times);
    if (times > limits.maxRepetitions) throw refused();
    const definition = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined;
    const inner = node.selectionSet
      ? selectionSet(node.selectionSet, definition && getNamedType(definition.type))
      : LEAF;
    const page = pageLength(node, definition);
    const length = listLength(definition);
    const value = sum({ fields: 0, bytes: largestValue(definition) }, inner.once);
    const all = sum(multiplied(value, length === 'page' ? 1 : length), multiplied(inner.item, page ?? 1));
    const key = { fields: 1, bytes: name.length + PUNCTUATION_BYTES };
    const isPage = length === 'page' && page === undefined;
    return {
      depth: inner.depth + 1,
      introspects: inner.introspects || isIntrospection(node),
      once: isPage ? key : sum(key, length === 'page' ? multiplied(all, page ?? 1) : all),
      item: isPage ? all : NOTHING,
    };
  }

  /** How many items a field is asked for; undefined if it is not asked for a page. */
  function pageLength(node: FieldNode, definition: GraphQLField<unknown, unknown> | undefined): number | undefined {
    const given = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    if (given === undefined) {
      const fallback: unknown = definition?.args.find(({ name }) => name === 'first')?.defaultValue;
      return typeof fallback === 'number' ? fallback : undefined;
    }
    if (given.kind === Kind.VARIABLE) return pageOf(given.name.value);
    if (given.kind !== Kind.INT) return MAX_PAGE_SIZE;
    const length = Number(given.value);
    if (!isPageSize(length)) throw pageSizeFault();
    return length;
  }

  return {
    operation({ operation, selectionSet: set }: OperationDefinitionNode): OperationMeasure {
      const { depth, introspects, once, item } = selectionSet(set, schema.getRootType(operation) ?? undefined);
      return { depth, introspects, ...sum(once, item) };
    },
  };
}

export function isIntrospection(field: FieldNode): boolean {
  return field.name.value === '__schema' || field.name.value === '__type';
}

function refused(): Error {
  return protocolError('GRAPHQL_VALIDATION_FAILED');
}

function sum(one: Cost, other: Cost): Cost {
  return { fields: one.fields + other.fields, bytes: one.bytes + other.bytes };
}

function multiplied({ fields, bytes }: Cost, times: number): Cost {
  return { fields: fields * times, bytes: bytes * times };
}
