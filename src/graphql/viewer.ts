import { Ctx, Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from './pipeline/context.ts';
import { DateTime } from './pipeline/date-time.ts';

@ObjectType('ViewerProject', { simpleResolvers: true })
export class ViewerProjectObject {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => [String])
  readonly permissions!: readonly string[];
}

@ObjectType('Viewer', { simpleResolvers: true })
export class ViewerObject {
  @Field(() => String)
  readonly subject!: string;

  @Field(() => String)
  readonly issuer!: string;

  @Field(() => DateTime)
  readonly tokenExpiresAt!: string;

  @Field(() => [ViewerProjectObject])
  readonly projects!: readonly ViewerProjectObject[];
}

@Resolver()
export class ViewerResolver {
  @Query(() => ViewerObject)
  @Directive('@authenticated')
  viewer(@Ctx() { request: { principal } }: GraphqlContext): ViewerObject {
    const { subject, issuer, expiresAt, grants } = principal;
    return {
      subject,
      issuer,
      tokenExpiresAt: new Date(expiresAt).toISOString(),
      projects: [...grants].map(([id, permissions]) => ({ id, permissions: [...permissions] })),
    };
  }
}
