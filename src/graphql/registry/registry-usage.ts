import { Field, Int, ObjectType } from 'type-graphql';
import type { UsageView } from '../../application/ports/read-models.ts';
import type { Queries } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';

@ObjectType('PipelineUse', { simpleResolvers: true })
export class PipelineUseObject {
  @Field(() => String)
  readonly pipeline!: string;

  @Field(() => DateTime, { nullable: true })
  readonly lastUsedAt!: string | null;

  @Field(() => Int)
  readonly leases!: number;

  @Field(() => Boolean)
  readonly linked!: boolean;
}

@ObjectType('RegistryUsage', { simpleResolvers: true })
export class RegistryUsageObject {
  @Field(() => DateTime, { nullable: true })
  readonly lastUsedAt!: string | null;

  @Field(() => String, { nullable: true })
  readonly lastUsedBy!: string | null;

  @Field(() => Int)
  readonly activeLeases!: number;

  @Field(() => [PipelineUseObject], {
    description: 'Pipelines that used it in the last 30 days, or were linked by hand.',
  })
  readonly pipelines!: readonly PipelineUseObject[];
}

/** The usage of one registry of a list. */
export type LoadUsage = () => Promise<UsageView>;

/** One call for the whole list, made when the first of its registries is asked. */
export function usageOfList(
  { registries }: Pick<Queries, 'registries'>,
  ids: readonly string[],
): (index: number) => LoadUsage {
  let batch: Promise<UsageView[]> | undefined;
  return (index) => async () => {
    batch ??= registries.usage(ids);
    const usage = (await batch)[index];
    if (usage === undefined) throw new Error(`no usage was given for registry ${ids[index]}`);
    return usage;
  };
}
