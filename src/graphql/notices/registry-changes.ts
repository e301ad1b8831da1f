import { Field, ID, ObjectType } from 'type-graphql';
import { enumType } from '../pipeline/enum-type.ts';
import { Registry } from '../registry/registry-types.ts';

export const RegistryChangeKind = enumType('RegistryChangeKind', ['CREATED', 'UPDATED', 'DELETED']);

@ObjectType({ simpleResolvers: true })
export class RegistryChange {
  @Field(() => String)
  readonly cursor!: string;

  @Field(() => RegistryChangeKind)
  readonly kind!: keyof typeof RegistryChangeKind;

  @Field(() => ID)
  readonly registryId!: string;

  @Field(() => Registry, { nullable: true })
  readonly registry!: Registry | null;
}
