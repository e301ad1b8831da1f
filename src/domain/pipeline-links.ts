import { badUserInput } from './errors.ts';
import { type Decision, existing, type PipelineLink, type RegistryState } from './registry.ts';

/** More pipelines than share one registry's entry, and few enough for its state. */
export const MAX_LINKS = 500;

/** A link that is there already makes no event. */
export function decideLink(state: RegistryState, { pipeline, note }: PipelineLink): Decision {
  const { registryId, links } = existing(state);
  const known = links.find((link) => link.pipeline === pipeline);
  if (known?.note === note) return { seal: null, events: [] };
  if (known === undefined && links.length >= MAX_LINKS) {
    throw badUserInput(
      'pipeline',
      `A registry has at most ${MAX_LINKS} linked pipelines. Unlink one that is gone first.`,
    );
  }
  const before = known ? { note: known.note } : null;
  return { seal: null, events: [{ type: 'PipelineLinked', data: { registryId, pipeline, note, before } }] };
}

/** Unlinking twice is not an error and makes no second event. */
export function decideUnlink(state: RegistryState, pipeline: string): Decision {
  const { registryId, links } = existing(state);
  const isLinked = links.some((link) => link.pipeline === pipeline);
  return { seal: null, events: isLinked ? [{ type: 'PipelineUnlinked', data: { registryId, pipeline } }] : [] };
}
