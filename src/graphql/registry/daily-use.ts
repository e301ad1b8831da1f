import { Arg, Ctx, Directive, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { dailyUses, lastDays, MAX_DAYS } from '../../domain/daily-use.ts';
import { badUserInput } from '../../domain/errors.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';

const DEFAULT_DAYS = 30;

@ObjectType('DailyUse', {
  simpleResolvers: true,
  description: 'How often the credentials of a project were issued on one day.',
})
export class DailyUseObject {
  @Field(() => DateTime, { description: 'The first moment of the day in UTC.' })
  readonly startsAt!: string;

  @Field(() => Int, {
    description:
      'How often a credential was issued to a pipeline. A lease that a run asked for again counts again; a lease that was withdrawn counts as well.',
  })
  readonly issued!: number;

  @Field(() => Int, {
    description:
      'How often that was denied or failed. Attempts that the audit log counts in one entry all count, on the day of that entry.',
  })
  readonly failed!: number;
}

@Resolver()
export class DailyUseResolver {
  @MaxItems(MAX_DAYS)
  @Query(() => [DailyUseObject], {
    description: 'How often the credentials of a project were issued: one entry for each day in UTC, oldest first.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registryUse(
    @Ctx() { services: { queries, now } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('days', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_DAYS,
      description: `How many days, the last of them today. From 1 to ${MAX_DAYS}.`,
    })
    asked: number | null | undefined,
  ): Promise<DailyUseObject[]> {
    const days = asked ?? DEFAULT_DAYS;
    if (days < 1 || days > MAX_DAYS) throw badUserInput('days', `\`days\` must be from 1 to ${MAX_DAYS}.`);
    const shown = lastDays(days, now());
    return dailyUses(shown, await queries.uses.since(projectId, shown[0] ?? ''));
  }
}
