import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

type Asked = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** Whether the operation asks the resolved field for this field, by whatever alias. One under `@skip` counts as asked for. */
export function isAskedFor({ fieldNodes, fragments }: Asked, field: string): boolean {
  const names = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return selection.name.value === field;
        case Kind.INLINE_FRAGMENT:
          return names(selection.selectionSet);
        default:
          return names(fragments[selection.name.value]?.selectionSet);
      }
    }) ?? false;
  return fieldNodes.some(({ selectionSet }) => names(selectionSet));
}
