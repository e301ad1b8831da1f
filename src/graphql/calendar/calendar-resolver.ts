import { Arg, Ctx, Directive, Field, ID, InputType, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { FEED_LIFE_DAYS, MAX_FEEDS } from '../../domain/calendar-feed.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';

@ObjectType('CalendarFeed', {
  simpleResolvers: true,
  description:
    'A calendar (iCalendar) of when credentials of a project expire or are due for rotation, by a secret URL.',
})
export class CalendarFeedObject {
  @Field(() => ID, { description: 'For `revokeCalendarFeed`. It opens nothing.' })
  readonly id!: string;

  @Field(() => String, { description: 'The name that calendar programs show.' })
  readonly name!: string;

  @Field(() => DateTime, { description: 'When it was created.' })
  readonly createdAt!: string;

  @Field(() => String, { description: 'Who created it, as in the audit log.' })
  readonly createdBy!: string;

  @Field(() => DateTime, { description: 'From then on its URL opens nothing.' })
  readonly expiresAt!: string;
}

@InputType({ description: 'A new calendar feed. BAD_USER_INPUT names the invalid field.' })
export class CreateCalendarFeedInput {
  @Field(() => String, {
    description: 'The name that calendar programs show, of at most 100 characters, such as who reads it.',
  })
  readonly name!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: `At most ${FEED_LIFE_DAYS.max} days from now. Defaults to ${FEED_LIFE_DAYS.default} days from now.`,
  })
  readonly expiresAt?: string | null;
}

@ObjectType('CreateCalendarFeedPayload', { simpleResolvers: true, description: 'The new feed, with its secret URL.' })
export class CreateCalendarFeedPayloadObject {
  @Field(() => CalendarFeedObject, { description: 'The new feed.' })
  readonly feed!: CalendarFeedObject;

  @Field(() => String, {
    description:
      'Shown this once: everybody who has it reads the calendar, without a token. It is relative to the URL of the service, such as `/calendar/….ics`.',
  })
  readonly url!: string;
}

@ObjectType('RevokeCalendarFeedPayload', { simpleResolvers: true, description: 'What was revoked.' })
export class RevokeCalendarFeedPayloadObject {
  @Field(() => ID, { description: 'The id of the feed that was revoked.' })
  readonly revokedId!: string;
}

@Resolver()
export class CalendarResolver {
  @MaxItems(MAX_FEEDS)
  @Query(() => [CalendarFeedObject], {
    description: 'The calendar feeds of a project that are neither revoked nor expired, newest first.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  calendarFeeds(
    @Ctx() { services: { queries, now } }: GraphqlContext,
    @ProjectId() projectId: string,
  ): Promise<CalendarFeedObject[]> {
    return queries.calendar.feeds(projectId, new Date(now()).toISOString());
  }

  @Mutation(() => CreateCalendarFeedPayloadObject, {
    description: `Makes a secret URL that shows calendar programs when credentials of the project expire or are due for rotation: names and URLs of registries, and dates. Needs write, because it hands a view of the project to others. A project has at most ${MAX_FEEDS}.`,
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async createCalendarFeed(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => CreateCalendarFeedInput, { description: 'Its name and its end.' })
    { name, expiresAt }: CreateCalendarFeedInput,
  ): Promise<CreateCalendarFeedPayloadObject> {
    const command = { name, expiresAt: expiresAt ?? null };
    const { feed, capability } = await services.application.createCalendarFeed(request, projectId, command);
    return { feed, url: `/calendar/${capability.reveal()}.ics` };
  }

  @Mutation(() => RevokeCalendarFeedPayloadObject, {
    description: 'Makes the URL of a feed open nothing any more, at once. Revoking it again changes nothing.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  revokeCalendarFeed(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('id', () => ID, { description: 'The feed, by its `id`.' }) id: string,
  ): Promise<RevokeCalendarFeedPayloadObject> {
    return services.application.revokeCalendarFeed(request, projectId, id);
  }
}
