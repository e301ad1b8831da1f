import { type FieldNode, type GraphQLNamedType, type GraphQLResolveInfo, isObjectType } from 'graphql';
import { Extensions } from 'type-graphql';
import type { RegistryPart } from '../../domain/registry-view.ts';
import { fieldsUnder } from '../pipeline/asked-fields.ts';

/** For a field of a registry or its credential: the parts of the view that it is made of, if not of the one with its name. */
export function MadeOf(...parts: readonly RegistryPart[]): PropertyDecorator & MethodDecorator {
  return Extensions({ madeOf: parts });
}

/** What the resolved page of registries has to show: `parts` of `RegistryQueries.list`. */
export function askedParts(info: GraphQLResolveInfo): readonly string[] {
  const [node, another] = info.fieldNodes;
  if (node === undefined || another !== undefined) return partsUnder(info);
  const parts = known.get(node) ?? partsUnder(info);
  known.set(node, parts);
  return parts;
}
/** The same nodes come with each run of a document. */
const known = new WeakMap<FieldNode, readonly string[]>();

/** These types implement no interface, so that a fragment on one of them applies wherever it may stand. */
function partsUnder({ fieldNodes, fragments, schema }: GraphQLResolveInfo): readonly string[] {
  const under = (fields: readonly FieldNode[], name: string) =>
    fieldsUnder(
      fields.filter((field) => field.name.value === name),
      fragments,
    );
  const ofPage = fieldsUnder(fieldNodes, fragments);
  const edges = under(ofPage, 'edges');
  const ofRegistry = [...under(ofPage, 'nodes'), ...under(edges, 'node')];
  const parts = [
    ...ofRegistry.flatMap((field) => partsOf(schema.getType('Registry'), field)),
    ...under(ofRegistry, 'credential').flatMap((field) => partsOf(schema.getType('Credential'), field)),
  ];
  return [...new Set(parts)];
}

function partsOf(type: GraphQLNamedType | undefined, { name: { value: name } }: FieldNode): readonly string[] {
  if (name === '__typename') return [];
  const declared = isObjectType(type) ? type.getFields()[name]?.extensions.madeOf : undefined;
  return Array.isArray(declared) ? declared : [name];
}
