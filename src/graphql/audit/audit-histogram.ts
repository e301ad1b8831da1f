import { Arg, Ctx, Directive, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { MAX_COUNTED_ENTRIES } from '../../application/ports/read-models.ts';
import { type HistogramBucket, histogram, histogramSpan, MAX_BUCKETS } from '../../domain/audit-histogram.ts';
import { badUserInput } from '../../domain/errors.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { auditFilter } from './audit-filter.ts';
import { AuditFilter } from './audit-types.ts';

const AuditBucketEnum = enumType<HistogramBucket>(
  'AuditBucket',
  'How much time a bar of a histogram stands for, in UTC.',
  {
    MINUTE: 'A minute.',
    HOUR: 'An hour.',
    DAY: 'A day.',
  },
);

@ObjectType('AuditHistogramBucket', {
  simpleResolvers: true,
  description: 'How many attempts the audit log has of a time. An entry that counts several attempts counts as many.',
})
export class AuditHistogramBucketObject {
  @Field(() => DateTime, { description: 'When the time begins.' })
  readonly start!: string;

  @Field(() => Int, { description: 'Attempts that were done.' })
  readonly succeeded!: number;

  @Field(() => Int, { description: 'Attempts without the permission.' })
  readonly denied!: number;

  @Field(() => Int, { description: 'Attempts that failed although they were permitted.' })
  readonly failed!: number;
}

@Resolver()
export class AuditHistogramResolver {
  @MaxItems(MAX_BUCKETS)
  @Query(() => [AuditHistogramBucketObject], {
    description:
      'How many attempts the audit log has, by time and outcome, oldest first. Without `filter.to` up to now; without `filter.from` an hour of minutes, two days of hours, or 30 days. At most 400 buckets, over at most 200,000 entries of the project: BAD_USER_INPUT beyond.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  async auditHistogram(
    @Ctx() { services: { queries, now } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('bucket', () => AuditBucketEnum, { description: 'How much time each bucket stands for.' })
    bucket: HistogramBucket,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Omit it to count all entries.' })
    entered: AuditFilter | null | undefined,
  ): Promise<AuditHistogramBucketObject[]> {
    const { from, to, ...filter } = auditFilter(entered);
    const span = histogramSpan(bucket, { from, to }, now());
    const counts = await queries.audit.histogram(projectId, filter, span);
    if (counts === undefined) {
      throw badUserInput(
        'filter.from',
        `The audit log has more than ${MAX_COUNTED_ENTRIES} entries of this time. Choose a shorter one with \`filter.from\` and \`filter.to\`.`,
      );
    }
    return histogram(span, counts);
  }
}
