import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { isReadableName } from '../../domain/readable-name.ts';

/** What may be said of an admitted operation outside its answer: no variable, no literal and no alias. */
export interface OperationSummary {
  readonly operation: 'query' | 'mutation' | 'subscription';
  /** The client's own name for it, cut to 100 characters. */
  readonly name: string | undefined;
  /** The names of its root fields, at most 10. They are the schema's, because the document was validated. */
  readonly fields: readonly string[];
  /** The project that all root fields name. Undefined if they name none, several, or something that cannot be one. */
  readonly projectId: string | undefined;
}

const MAX_NAME_LENGTH = 100;
const MAX_FIELDS = 10;

/** The same for all requests with this document: project ids are texts, or the names of variables with them. */
interface Outline extends Omit<OperationSummary, 'projectId'> {
  readonly projectIds: readonly ProjectIdSource[];
}

type ProjectIdSource = { readonly text: string } | { readonly variable: string };

const outlines = new WeakMap<OperationDefinitionNode, Outline>();

export function summaryOf(
  document: DocumentNode,
  node: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): OperationSummary {
  const outline = outlines.get(node) ?? outlineOf(document, node);
  outlines.set(node, outline);
  const { operation, name, fields, projectIds } = outline;
  const named = new Set(projectIds.map((one) => ('text' in one ? one.text : variables[one.variable])));
  const [projectId] = named;
  const isProject = named.size === 1 && typeof projectId === 'string' && isReadableName(projectId);
  return { operation, name, fields, projectId: isProject ? projectId : undefined };
}

function outlineOf(document: DocumentNode, { operation, name, selectionSet }: OperationDefinitionNode): Outline {
  const roots = rootFields(document, selectionSet);
  return {
    operation,
    name: name?.value.slice(0, MAX_NAME_LENGTH),
    fields: [...new Set(roots.map((field) => field.name.value))].slice(0, MAX_FIELDS),
    projectIds: roots.flatMap(({ arguments: args = [] }): ProjectIdSource[] => {
      const value = args.find((argument) => argument.name.value === 'projectId')?.value;
      if (value?.kind === Kind.VARIABLE) return [{ variable: value.name.value }];
      return value?.kind === Kind.STRING || value?.kind === Kind.INT ? [{ text: value.value }] : [];
    }),
  };
}

/** Each fragment is looked into once. */
function rootFields({ definitions }: DocumentNode, selectionSet: SelectionSetNode): FieldNode[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const fieldsOf = ({ selections }: SelectionSetNode): FieldNode[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection];
      if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(selection.selectionSet);
      const fragment = fragments.get(selection.name.value);
      fragments.delete(selection.name.value);
      return fragment === undefined ? [] : fieldsOf(fragment.selectionSet);
    });
  return fieldsOf(selectionSet);
}
