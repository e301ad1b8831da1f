import { Directive, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { registryPresets } from '../../domain/providers.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import { RegistryProviderEnum } from './registry-enums.ts';

@ObjectType('RegistryPreset', { simpleResolvers: true, description: 'One common registry, with what to enter for it.' })
export class RegistryPresetObject {
  @Field(() => RegistryProviderEnum, { description: 'The provider that this preset is for.' })
  readonly provider!: RegistryProvider;

  @Field(() => String, { description: 'The name of the provider, as text for people.' })
  readonly name!: string;

  @MaxItems(10)
  @Field(() => [String], { description: 'What its URLs look like, as text for people.' })
  readonly urlPatterns!: readonly string[];

  @Field(() => String, { description: 'What to enter as the user name, as text for people.' })
  readonly username!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The user name, if the provider prescribes one: `_json_key`, `AWS`.',
  })
  readonly fixedUsername!: string | null;

  @Field(() => String, { description: 'What to enter as the password, as text for people.' })
  readonly password!: string;

  @Field(() => String, { nullable: true, description: "The URL of the provider's page about this." })
  readonly documentation!: string | null;
}

@Resolver()
export class RegistryPresetResolver {
  @MaxItems(50)
  @Query(() => [RegistryPresetObject], {
    description: 'The table of common registries: what to enter as URL, user name and password.',
  })
  @Directive('@authenticated')
  registryPresets(): RegistryPresetObject[] {
    return registryPresets();
  }
}
