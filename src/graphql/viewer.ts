import { Ctx, Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { MaxItems } from './pipeline/answer-size.ts';
import type { GraphqlContext } from './pipeline/context.ts';
import { DateTime } from './pipeline/date-time.ts';

@ObjectType('ViewerProject', { simpleResolvers: true, description: 'A project that the token names.' })
export class ViewerProjectObject {
  @Field(() => ID, { description: 'Pass it as `projectId`.' })
  readonly id!: string;

  // A token has at most 8 KiB.
  @MaxItems(20)
  @Field(() => [String], {
    description: 'What the token grants in this project, such as `iam:project:cicd:registry:read`.',
  })
  readonly permissions!: readonly string[];
}

@ObjectType('Viewer', { simpleResolvers: true, description: 'The caller, as the token describes it.' })
export class ViewerObject {
  @Field(() => String, { description: 'The `sub` of the token.' })
  readonly subject!: string;

  @Field(() => String, { description: 'The `iss` of the token.' })
  readonly issuer!: string;

  @Field(() => DateTime, { description: 'The `exp` of the token.' })
  readonly tokenExpiresAt!: string;

  @MaxItems(100)
  @Field(() => [ViewerProjectObject], { description: 'The projects in which the token grants something.' })
  readonly projects!: readonly ViewerProjectObject[];
}

@Resolver()
export class ViewerResolver {
  @Query(() => ViewerObject, { description: 'Who the caller is, and what the token grants.' })
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
