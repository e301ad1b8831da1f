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

  @Field(() => [String], { description: 'What its URLs look like, for people to read.' })
  readonly urlPatterns!: readonly string[];

  @Field(() => String, { description: 'What to enter as the user name, for people to read.' })
  readonly username!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The username to use where the provider fixes it: `_json_key`, `AWS`.',
  })
  readonly fixedUsername!: string | null;

  @Field(() => String, { description: 'What to enter as the password, for people to read.' })
  readonly password!: string;

  @Field(() => String, { nullable: true, description: "The URL of the provider's own page on it." })
  readonly documentation!: string | null;
}

@Resolver()
export class RegistryPresetResolver {
  @Query(() => [RegistryPresetObject], {
    description: 'The table of common registries: what to enter as URL, user name and password.',
  })
  @Directive('@authenticated')
  registryPresets(): RegistryPresetObject[] {
    return registryPresets();
  }
}
