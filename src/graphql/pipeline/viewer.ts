import { Ctx, Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from './context.ts';
import { DateTime } from './date-time.ts';

@ObjectType({ simpleResolvers: true })
export class ViewerProject {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => [String])
  readonly permissions!: readonly string[];
}

@ObjectType({ simpleResolvers: true })
export class Viewer {
  @Field(() => String)
  readonly subject!: string;

  @Field(() => String)
  readonly issuer!: string;

  @Field(() => DateTime)
  readonly tokenExpiresAt!: string;

  @Field(() => [ViewerProject])
  readonly projects!: readonly ViewerProject[];
}

@Resolver()
export class ViewerResolver {
  @Query(() => Viewer)
  @Directive('@authenticated')
  viewer(@Ctx() { request: { principal } }: GraphqlContext): Viewer {
    const { subject, issuer, expiresAt, grants } = principal;
    return {
      subject,
      issuer,
      tokenExpiresAt: new Date(expiresAt).toISOString(),
      projects: [...grants].map(([id, permissions]) => ({ id, permissions: [...permissions] })),
    };
  }
}
