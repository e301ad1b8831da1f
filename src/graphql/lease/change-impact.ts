import { Ctx, Directive, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { MAX_PIPELINES } from '../../application/ports/read-models.ts';
import { impactReason } from '../../domain/change-impact.ts';
import { notFound } from '../../domain/errors.ts';
import { parseUuid } from '../../domain/identity.ts';
import { MaxBytes, MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import { PipelineUseObject } from '../registry/registry-usage.ts';
import { LeaseObject } from './lease-types.ts';

const MAX_LEASES = 100;

@ObjectType('ChangeImpact', {
  simpleResolvers: true,
  description: 'What would happen if this registry were rotated or deleted now.',
})
export class ChangeImpactObject {
  @MaxItems(MAX_LEASES)
  @Field(() => [LeaseObject], {
    description: `Its active leases, those that end last first: at most ${MAX_LEASES}. \`leases\` lists all of them.`,
  })
  readonly activeLeases!: readonly LeaseObject[];

  @Field(() => Int, { description: 'How many leases are active.' })
  readonly activeLeaseCount!: number;

  @MaxItems(MAX_PIPELINES)
  @Field(() => [PipelineUseObject], {
    description: `The pipelines that used it in the last 30 days, the latest first: at most ${MAX_PIPELINES}.`,
  })
  readonly pipelinesLast30Days!: readonly PipelineUseObject[];

  @Field(() => Boolean, { description: 'Whether a delete would be refused, unless it is forced.' })
  readonly blocked!: boolean;

  @MaxBytes(500)
  @Field(() => String, { nullable: true, description: 'Why, in plain words; null if no lease is active.' })
  readonly reason!: string | null;
}

@Resolver()
export class ChangeImpactResolver {
  @Query(() => ChangeImpactObject, {
    description: 'Who would notice if a registry were rotated or deleted now. NOT_FOUND if there is no such registry.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async changeImpact(
    @Ctx() { services: { queries } }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() entered: string,
  ): Promise<ChangeImpactObject> {
    const id = parseUuid(entered);
    if (id === undefined || !(await queries.registries.byId(projectId, id))) throw notFound('registry');
    const [activeLeases, [usage], pipelinesLast30Days] = await Promise.all([
      queries.leases.lastToEnd(projectId, id, MAX_LEASES),
      queries.registries.usage([id]),
      queries.registries.recentPipelines(id),
    ]);
    const activeLeaseCount = usage?.activeLeases ?? 0;
    return {
      activeLeases,
      activeLeaseCount,
      pipelinesLast30Days,
      blocked: activeLeaseCount > 0,
      reason: impactReason(activeLeaseCount, activeLeases[0]?.expiresAt ?? null),
    };
  }
}
