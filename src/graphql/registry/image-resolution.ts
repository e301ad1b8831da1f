import { Arg, Ctx, Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { presentRegistry, Registry } from './registry-types.ts';

@ObjectType({ simpleResolvers: true })
export class ImageResolution {
  @Field(() => String)
  readonly image!: string;

  @Field(() => String)
  readonly url!: string;

  @Field(() => String)
  readonly repository!: string;

  @Field(() => Registry, { nullable: true })
  readonly registry!: Registry | null;

  @Field(() => String)
  readonly reason!: string;
}

@Resolver()
export class ImageResolver {
  @Query(() => ImageResolution, { description: 'Which registry an image reference would use, and why.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async resolveImage(
    @Ctx() { services }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('image', () => String) image: string,
  ): Promise<ImageResolution> {
    const { application, queries, now } = services;
    const { registry, ...resolution } = await application.resolveImage(projectId, image);
    return { ...resolution, registry: registry && presentRegistry(queries, registry, now()) };
  }
}
