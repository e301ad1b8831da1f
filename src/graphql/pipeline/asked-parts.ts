import { type FieldNode, type GraphQLNamedType, type GraphQLResolveInfo, getNamedType, isObjectType } from 'graphql';
import { Extensions } from 'type-graphql';
import { fieldsUnder } from './asked-fields.ts';

/** For a field of what a page lists: the parts of the view that it is made of, if not of the one with its name. */
export function MadeOf<Part extends string = never>(...parts: readonly Part[]): PropertyDecorator & MethodDecorator {
  return Extensions({ madeOf: parts });
}

const ITS_FIELDS = 'its fields';
/** For an object that is no part of the view by itself: each of its fields is, or says what it is made of. */
export function MadeOfItsFields(): PropertyDecorator & MethodDecorator {
  return Extensions({ madeOf: ITS_FIELDS });
}

/** Which parts of its items the resolved page has to show. */
export function askedParts(info: GraphQLResolveInfo): readonly string[] {
  const [node, another] = info.fieldNodes;
  if (node === undefined || another !== undefined) return partsOfPage(info);
  const parts = known.get(node) ?? partsOfPage(info);
  known.set(node, parts);
  return parts;
}
/** The same nodes come with each run of a document. */
const known = new WeakMap<FieldNode, readonly string[]>();

function partsOfPage({ fieldNodes, fragments, returnType }: GraphQLResolveInfo): readonly string[] {
  const ofPage = fieldsUnder(fieldNodes, fragments);
  const edges = ofPage.filter(isNamed('edges'));
  const nodes = [...ofPage.filter(isNamed('nodes')), ...fieldsUnder(edges, fragments).filter(isNamed('node'))];
  return [...new Set(partsUnder(typeOf(getNamedType(returnType), 'nodes'), nodes, fragments))];
}

/** The types implement no interface, so that a fragment on one of them applies wherever it may stand. */
function partsUnder(
  type: GraphQLNamedType | undefined,
  nodes: readonly FieldNode[],
  fragments: GraphQLResolveInfo['fragments'],
): readonly string[] {
  return fieldsUnder(nodes, fragments).flatMap((node) => {
    const name = node.name.value;
    if (name === '__typename') return [];
    const madeOf = fieldOf(type, name)?.extensions.madeOf;
    if (madeOf === ITS_FIELDS) return partsUnder(typeOf(type, name), [node], fragments);
    return Array.isArray(madeOf) ? madeOf : [name];
  });
}

function isNamed(name: string): (node: FieldNode) => boolean {
  return (node) => node.name.value === name;
}

function typeOf(type: GraphQLNamedType | undefined, field: string): GraphQLNamedType | undefined {
  return getNamedType(fieldOf(type, field)?.type);
}

function fieldOf(type: GraphQLNamedType | undefined, name: string) {
  return isObjectType(type) ? type.getFields()[name] : undefined;
}
