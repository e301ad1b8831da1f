import { Directive, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { registryPresets } from '../../domain/providers.ts';
import { RegistryProvider } from './registry-enums.ts';

@ObjectType({ simpleResolvers: true, description: 'An entry of the table of common registries.' })
export class RegistryPreset {
  @Field(() => RegistryProvider)
  readonly provider!: keyof typeof RegistryProvider;

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
  @Query(() => [RegistryPreset])
  @Directive('@authenticated')
  registryPresets(): RegistryPreset[] {
    return registryPresets();
  }
}
