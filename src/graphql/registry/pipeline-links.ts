import { Arg, Ctx, Directive, Field, InputType, Int, Mutation, Query, Resolver } from 'type-graphql';
import { parseUuid } from '../../domain/identity.ts';
import { MAX_LINKS } from '../../domain/pipeline-links.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import { EXPECTED_REVISION } from './registry-inputs.ts';
import { payload, RegistryPayloadObject } from './registry-payload.ts';
import { PipelineUseObject } from './registry-usage.ts';

@InputType({ description: 'A pipeline that uses a registry.' })
export class LinkPipelineInput {
  @Field(() => String, {
    description: 'The name of the pipeline, as it asks for credentials, of at most 255 characters.',
  })
  readonly pipeline!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Why it uses the registry, or whom to ask, of at most 500 characters. Omit it for no note.',
  })
  readonly note?: string | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  readonly expectedRevision?: number | null;
}

@Resolver()
export class PipelineLinkResolver {
  @MaxItems(MAX_LINKS)
  @Query(() => [PipelineUseObject], {
    description: 'All pipelines that are linked to a registry by hand, by name. Empty if there is no such registry.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async linkedPipelines(
    @Ctx() { services: { queries } }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() entered: string,
  ): Promise<readonly PipelineUseObject[]> {
    const id = parseUuid(entered);
    return id === undefined ? [] : queries.registries.linkedPipelines(projectId, id);
  }

  @Mutation(() => RegistryPayloadObject, {
    description: `Documents that a pipeline uses a registry, before it ever asked. Linking it again replaces the note. A registry has at most ${MAX_LINKS} links.`,
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async linkPipeline(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => LinkPipelineInput, { description: 'The pipeline.' }) input: LinkPipelineInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    const { pipeline, note, expectedRevision } = input;
    const command = { pipeline, note, expectedRevision };
    return payload(context, await services.application.linkPipeline(request, projectId, id, command));
  }

  @Mutation(() => RegistryPayloadObject, {
    description: 'Takes a link back. It changes nothing if the pipeline is not linked.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async unlinkPipeline(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('pipeline', () => String, { description: 'The name of the pipeline.' }) pipeline: string,
    @Arg('expectedRevision', () => Int, { nullable: true, description: EXPECTED_REVISION })
    expectedRevision: number | null | undefined,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    const command = { pipeline, expectedRevision };
    return payload(context, await services.application.unlinkPipeline(request, projectId, id, command));
  }
}
