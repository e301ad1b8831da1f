import { Arg, Ctx, Directive, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { RegistryObject, toGraphqlRegistry } from './registry-types.ts';

@ObjectType('ImageResolution', { simpleResolvers: true, description: 'Which registry an image reference would use.' })
export class ImageResolutionObject {
  @Field(() => String, { description: 'The reference as you sent it.' })
  readonly image!: string;

  @Field(() => String, { description: 'The canonical URL of the registry that the reference names.' })
  readonly url!: string;

  @Field(() => String, { description: 'The repository within the registry; empty if only a registry was named.' })
  readonly repository!: string;

  @Field(() => RegistryObject, {
    nullable: true,
    description: "The project's registry with that URL. Null if the project has none: clients then pull anonymously.",
  })
  readonly registry!: RegistryObject | null;

  @Field(() => String, { description: 'How the reference was read, in a sentence or two.' })
  readonly reason!: string;
}

@Resolver()
export class ImageResolver {
  @Query(() => ImageResolutionObject, { description: 'Which registry an image reference would use, and why.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async resolveImage(
    @Ctx() { services }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('image', () => String, { description: "Such as `alpine` or `ghcr.io/team/app:1.0`, or a registry's URL." })
    image: string,
  ): Promise<ImageResolutionObject> {
    const { application, queries, now } = services;
    const { registry, ...resolution } = await application.resolveImage(projectId, image);
    return { ...resolution, registry: registry && toGraphqlRegistry(queries, registry, now()) };
  }
}
