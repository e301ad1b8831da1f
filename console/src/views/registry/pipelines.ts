interface Use {
  readonly pipeline: string;
  readonly lastUsedAt: string | null;
}

/**
 * Those that used a registry lately, and all that are linked to it: each once, the last used first, then by name.
 *
 * @param linked says more of a pipeline that stands in both: it is read on its own
 */
export function mergePipelines<One extends Use>(used: readonly One[], linked: readonly One[]): One[] {
  const byName = new Map([...used, ...linked].map((use) => [use.pipeline, use]));
  const time = ({ lastUsedAt }: Use) => (lastUsedAt === null ? 0 : Date.parse(lastUsedAt));
  return [...byName.values()].sort((a, b) => time(b) - time(a) || a.pipeline.localeCompare(b.pipeline));
}
