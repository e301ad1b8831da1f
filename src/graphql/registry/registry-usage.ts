import { Field, Int, ObjectType } from 'type-graphql';
import { MAX_PIPELINES, type UsageView } from '../../application/ports/read-models.ts';
import { MAX_NOTE_LENGTH } from '../../application/registry/link-pipeline.ts';
import { MaxBytes, MaxItems } from '../pipeline/answer-size.ts';
import type { Queries } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';

@ObjectType('PipelineUse', { simpleResolvers: true, description: 'How a pipeline used a registry.' })
export class PipelineUseObject {
  @Field(() => String, { description: 'The name of the pipeline.' })
  readonly pipeline!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was last issued the credential; null if never.' })
  readonly lastUsedAt!: string | null;

  @Field(() => Int, {
    description: 'How many leases it had since the registry was created; repeated asks of a run share one.',
  })
  readonly leases!: number;

  @Field(() => Boolean, { description: 'Whether the pipeline was linked to the registry by hand.' })
  readonly linked!: boolean;

  @MaxBytes(4 * MAX_NOTE_LENGTH)
  @Field(() => String, { nullable: true, description: 'The note of that link.' })
  readonly note!: string | null;
}

@ObjectType('RegistryUsage', { simpleResolvers: true, description: 'Who uses a registry.' })
export class RegistryUsageObject {
  @Field(() => DateTime, {
    nullable: true,
    description: 'When the credential was last issued to a pipeline; null if never.',
  })
  readonly lastUsedAt!: string | null;

  @Field(() => String, { nullable: true, description: 'The subject of the token that got it then.' })
  readonly lastUsedBy!: string | null;

  @Field(() => Int, { description: 'Leases that have neither ended nor been released.' })
  readonly activeLeases!: number;

  @MaxItems(MAX_PIPELINES)
  @Field(() => [PipelineUseObject], {
    description: `Pipelines that used it in the last 30 days, or were linked by hand: the ${MAX_PIPELINES} that used it last. \`linkedPipelines\` has all links.`,
  })
  readonly pipelines!: readonly PipelineUseObject[];
}

/** The usage of one registry of a list. */
export type LoadUsage = () => Promise<UsageView>;

/** Makes one call for the whole list, when the usage of its first registry is read. */
export function usageOfList(
  { registries }: Pick<Queries, 'registries'>,
  ids: readonly string[],
): (index: number) => LoadUsage {
  let batch: Promise<UsageView[]> | undefined;
  return (index) => async () => {
    batch ??= registries.usage(ids);
    const usage = (await batch)[index];
    if (usage === undefined) throw new Error(`no usage was returned for registry ${ids[index]}`);
    return usage;
  };
}
