import { badUserInput, type PurserError } from '../../domain/errors.ts';
import { parseUuid } from '../../domain/identity.ts';
import { RULE_LIMITS } from '../../domain/trust/entered-rule.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';

/**
 * The fault of a rule that names a registry which does not exist, or null. More registries than a rule may name are not
 * looked for: their number is rejected where the rule is judged.
 */
export async function missingRegistry(
  aggregates: Pick<AggregateStore, 'loadRegistry'>,
  projectId: string,
  entered: readonly string[],
): Promise<PurserError | null> {
  const different = new Set(entered);
  if (different.size > RULE_LIMITS.registryIds) return null;
  for (const one of different) {
    const id = parseUuid(one);
    const isLive = id !== undefined && (await aggregates.loadRegistry(projectId, id)).state.phase === 'live';
    if (!isLive) return badUserInput('registryIds', '`registryIds` names a registry that is not in this project.');
  }
  return null;
}
