import { decideLink, decideUnlink } from '../../domain/pipeline-links.ts';
import type { Decision, RegistryState } from '../../domain/registry.ts';
import { checkText } from '../../domain/text-rules.ts';
import type { RegistryView } from '../ports/read-models.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleRegistryCommand, registryIdOf } from './registry-command-handler.ts';
import { unlessBlank } from './registry-details.ts';
import type { BeginVerification } from './verification.ts';

/** In characters. */
export const MAX_NOTE_LENGTH = 500;

export interface LinkPipelineCommand {
  readonly pipeline: string;
  readonly note: string | null | undefined;
  readonly expectedRevision: number | null | undefined;
}

export interface UnlinkPipelineCommand {
  readonly pipeline: string;
  readonly expectedRevision: number | null | undefined;
}

export interface LinkPipelineDeps {
  readonly handle: HandleRegistryCommand;
  readonly beginVerification: BeginVerification;
}

/** Notes that a pipeline uses a registry. Linking it again replaces the note. */
export function linkPipelineUseCase(deps: LinkPipelineDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: LinkPipelineCommand,
  ): Promise<RegistryView> => {
    const pipeline = checkText('pipeline', command.pipeline, { max: 255 });
    const entered = unlessBlank(command.note) ?? null;
    const note = entered === null ? null : checkText('note', entered, { max: MAX_NOTE_LENGTH, multiline: true });
    return changeLinks(deps, context, projectId, id, command, (state) => decideLink(state, { pipeline, note }));
  };
}

export function unlinkPipelineUseCase(deps: LinkPipelineDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    command: UnlinkPipelineCommand,
  ): Promise<RegistryView> => {
    const pipeline = checkText('pipeline', command.pipeline, { max: 255 });
    return changeLinks(deps, context, projectId, id, command, (state) => decideUnlink(state, pipeline));
  };
}

async function changeLinks(
  { handle, beginVerification }: LinkPipelineDeps,
  context: RequestContext,
  projectId: string,
  id: string,
  { expectedRevision }: Pick<UnlinkPipelineCommand, 'expectedRevision'>,
  decide: (state: RegistryState) => Decision,
): Promise<RegistryView> {
  const outcome = await handle(context, {
    projectId,
    registryId: registryIdOf(id),
    expectedRevision,
    idempotent: null,
    password: () => undefined,
    decide,
  });
  return beginVerification(context, projectId, false).answer(outcome);
}
