import * as z from 'zod';
import { findRegistry, REGISTRY_FIELDS, type Registry, registryData, registryDetails } from './registry.ts';
import type { Call } from './remote-command.ts';
import { EXIT } from './service.ts';
import { visibleText } from './visible-text.ts';

/** What the mutations that change a registry answer. */
export const PAYLOAD = `{ activeLeases warnings registry { ${REGISTRY_FIELDS} } }`;

export const payloadData = z.object({
  activeLeases: z.int(),
  warnings: z.array(z.string()),
  registry: registryData,
});

/** Says what was done, and shows the registry as it is now. */
export function answerChange({ answer, say }: Call, payload: z.infer<typeof payloadData>, done: string): number {
  answer(payload, () => `${visibleText(done)}\n\n${registryDetails(payload.registry)}`);
  for (const warning of payload.warnings) say(`Warning: ${visibleText(warning)}`);
  return EXIT.done;
}

const IMPACT = `query ($projectId: ID!, $id: ID!) { changeImpact(projectId: $projectId, id: $id) {
  activeLeaseCount activeLeases { pipeline runId expiresAt } pipelinesLast30Days { pipeline lastUsedAt linked } } }`;

const impactData = z.object({
  changeImpact: z.object({
    activeLeaseCount: z.int(),
    activeLeases: z.array(z.object({ pipeline: z.string(), runId: z.string().nullable(), expiresAt: z.string() })),
    pipelinesLast30Days: z.array(
      z.object({ pipeline: z.string(), lastUsedAt: z.string().nullable(), linked: z.boolean() }),
    ),
  }),
});

/** Of the pipelines that are named. */
const MOST_NAMES = 10;

/** The registry that the command line names. Says on standard error who would notice a change of it. */
export async function registryWithItsUsers({ service, options, say }: Call): Promise<Registry> {
  const registry = await findRegistry(service, options.registry);
  const { id, url } = registry;
  const { changeImpact } = await service.ask(IMPACT, { id }, impactData);
  const { activeLeaseCount, activeLeases, pipelinesLast30Days } = changeImpact;
  const running = named(activeLeases.map(({ pipeline, runId }) => (runId ? `${pipeline} (run ${runId})` : pipeline)));
  const usual = named(pipelinesLast30Days.map(({ pipeline }) => pipeline));
  say(
    activeLeaseCount === 0
      ? `No lease is active on ${visibleText(url)}.`
      : `Active leases on ${visibleText(url)}: ${activeLeaseCount}, of ${running}.`,
  );
  if (usual) say(`Pipelines that used it in the last 30 days: ${usual}.`);
  return registry;
}

function named(names: readonly string[]): string {
  const different = [...new Set(names)];
  const more = different.length > MOST_NAMES ? ` and ${different.length - MOST_NAMES} more` : '';
  return `${different.slice(0, MOST_NAMES).map(visibleText).join(', ')}${more}`;
}
