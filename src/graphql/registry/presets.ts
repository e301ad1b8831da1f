import { Directive, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { registryPresets } from '../../domain/providers.ts';
import { RegistryProviderEnum } from './registry-enums.ts';

@ObjectType('RegistryPreset', { simpleResolvers: true, description: 'An entry of the table of common registries.' })
export class RegistryPresetObject {
  @Field(() => RegistryProviderEnum)
  readonly provider!: RegistryProvider;

  @Field(() => String)
  readonly name!: string;

  @Field(() => [String])
  readonly urlPatterns!: readonly string[];

  @Field(() => String)
  readonly username!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The username to use where the provider fixes it: `_json_key`, `AWS`.',
  })
  readonly fixedUsername!: string | null;

  @Field(() => String)
  readonly password!: string;

  @Field(() => String, { nullable: true })
  readonly documentation!: string | null;
}

@Resolver()
export class RegistryPresetResolver {
  @Query(() => [RegistryPresetObject])
  @Directive('@authenticated')
  registryPresets(): RegistryPresetObject[] {
    return registryPresets();
  }
}
