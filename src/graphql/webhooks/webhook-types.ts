import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { RotationNoticeKind } from '../../domain/notices.ts';
import type { DeliveryFault, DeliveryState } from '../../domain/webhook.ts';
import { NOTICE_KINDS } from '../../domain/webhook-event.ts';
import { RotationNoticeKindEnum } from '../notices/rotation-notices.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const DeliveryStateEnum = enumType<DeliveryState>(
  'WebhookDeliveryState',
  'How far the delivery of a notice to a webhook is.',
  {
    PENDING: 'It waits for its first attempt, or for the next one.',
    DELIVERED: 'The receiver answered with a status of 200 to 299.',
    DEAD_LETTER: 'It was given up. `replayWebhookDelivery` has it sent again.',
  },
);

export const DeliveryFaultEnum = enumType<DeliveryFault>(
  'WebhookDeliveryFault',
  'Why an attempt to deliver a notice failed. Nothing else of an answer is kept but the class of its status.',
  {
    UNREACHABLE: 'The name does not exist, or the port is closed or filtered.',
    TIMED_OUT: 'There was no complete answer within 20 seconds.',
    TLS_INVALID: 'The certificate, or something else about TLS, is not to be trusted.',
    TARGET_NOT_ALLOWED: 'The address is not on the public internet, and the operator has not opened it (EGRESS_ALLOW).',
    PROXY_FAILED: "The operator's proxy cannot be reached, or refuses.",
    MALFORMED_ANSWER: 'The answer is not HTTP.',
    REDIRECTED: 'The answer is a redirect. None is followed: the operator must configure the new URL.',
    THROTTLED: 'The receiver is overloaded (429, 502 or 504). It gets no delivery for a while.',
    GONE: 'The receiver wants no more notices (410). Its webhook is disabled.',
    REFUSED: 'Another status of 400 to 499.',
    SERVER_ERROR: 'Another status of 500 to 599.',
    FORGED:
      'Purser did not queue the notice, or it was changed since: somebody else can write to the database. It is not sent.',
  },
);

@ObjectType('Webhook', {
  simpleResolvers: true,
  description: 'A place that the operator has notices sent to. Its URL and its secrets are not shown.',
})
export class WebhookObject {
  @Field(() => String, { description: 'Its name in the configuration.' })
  readonly name!: string;

  @Field(() => String, {
    description: 'Host and port of its URL. The rest is left out: many receivers know their callers by it.',
  })
  readonly host!: string;

  @MaxItems(NOTICE_KINDS.length)
  @Field(() => [RotationNoticeKindEnum], {
    nullable: true,
    description: 'The kinds of notices that it hears of; null for all.',
  })
  readonly kinds!: readonly RotationNoticeKind[] | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Since when nothing is sent, because the receiver answered 410; null if it is enabled. It is enabled when the operator changes its URL or secret, or when one of its deliveries is replayed.',
  })
  readonly disabledAt!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Until when nothing is sent, because the receiver was overloaded. May have passed. Null if it never was.',
  })
  readonly pausedUntil!: string | null;
}

@ObjectType('WebhookDelivery', { simpleResolvers: true, description: 'One notice on its way to one webhook.' })
export class WebhookDeliveryObject {
  @Field(() => ID, { description: 'For `replayWebhookDelivery`.' })
  readonly id!: string;

  @Field(() => String, { description: 'The name of the webhook.' })
  readonly webhook!: string;

  @Field(() => DeliveryStateEnum, { description: 'How far it is.' })
  readonly state!: DeliveryState;

  @Field(() => ID, { description: 'The `webhook-id` that the receiver gets, the same at every attempt.' })
  readonly eventId!: string;

  @Field(() => RotationNoticeKindEnum, { description: 'What the notice says has happened.' })
  readonly kind!: RotationNoticeKind;

  @Field(() => ID, { description: 'The registry that the notice is about, by its `id`.' })
  readonly registryId!: string;

  @Field(() => String, { description: 'The canonical URL of that registry.' })
  readonly url!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly occurredAt!: string;

  @Field(() => DateTime, { description: 'When the delivery came into the queue.' })
  readonly createdAt!: string;

  @Field(() => Int, { description: 'Attempts so far, with one that is under way; counted anew after a replay.' })
  readonly attempts!: number;

  @Field(() => DateTime, { nullable: true, description: 'When the last attempt began; null if there was none.' })
  readonly lastAttemptAt!: string | null;

  @Field(() => DeliveryFaultEnum, {
    nullable: true,
    description: 'Why the last attempt that ended failed; null if there was none, or if it succeeded.',
  })
  readonly lastFault!: DeliveryFault | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The first digit of the status in the last answer, from 1 to 5; null if there was no answer.',
  })
  readonly lastStatusClass!: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the next attempt is due, if its webhook is neither disabled nor paused; null if there is to be none.',
  })
  readonly nextAttemptAt!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was delivered or given up; null while it is pending.',
  })
  readonly endedAt!: string | null;
}

@ObjectType('WebhookDeliveryConnection', { simpleResolvers: true, description: 'One page of deliveries.' })
export class WebhookDeliveryConnectionObject {
  @Field(() => [WebhookDeliveryObject], { description: 'The deliveries of this page, newest first.' })
  readonly nodes!: readonly WebhookDeliveryObject[];

  @Field(() => PageInfoObject, { description: 'Where this page ends.' })
  readonly pageInfo!: PageInfoObject;
}
