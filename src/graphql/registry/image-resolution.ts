import { Arg, Ctx, Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { RegistryObject, toGraphqlRegistry } from './registry-types.ts';

@ObjectType('ImageResolution', { simpleResolvers: true })
export class ImageResolutionObject {
  @Field(() => String)
  readonly image!: string;

  @Field(() => String)
  readonly url!: string;

  @Field(() => String)
  readonly repository!: string;

  @Field(() => RegistryObject, { nullable: true })
  readonly registry!: RegistryObject | null;

  @Field(() => String)
  readonly reason!: string;
}

@Resolver()
export class ImageResolver {
  @Query(() => ImageResolutionObject, { description: 'Which registry an image reference would use, and why.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async resolveImage(
    @Ctx() { services }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('image', () => String) image: string,
  ): Promise<ImageResolutionObject> {
    const { application, queries, now } = services;
    const { registry, ...resolution } = await application.resolveImage(projectId, image);
    return { ...resolution, registry: registry && toGraphqlRegistry(queries, registry, now()) };
  }
}
