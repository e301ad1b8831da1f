import { counted, createExamples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { heldVersions } from '../../domain/rotation.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { PlacedSecret, VaultInventory } from '../ports/doctor-queries.ts';
import type { Vault } from '../ports/vault.ts';

export interface CheckDestroyedSecretsDeps {
  readonly inventory: Pick<VaultInventory, 'ended'>;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly vault: Pick<Vault, 'settle'>;
  readonly repair: boolean;
}

/** Secrets of versions that the events have ended must be destroyed. */
export async function checkDestroyedSecrets(deps: CheckDestroyedSecretsDeps): Promise<Finding> {
  const { inventory, aggregates, vault, repair } = deps;
  const left = createExamples();
  let destroyed = 0;
  for await (const secret of inventory.ended()) {
    if (!(await isEnded(aggregates, secret))) continue;
    const { secretId, registryId, credentialVersion: version } = secret;
    if (repair) {
      await vault.settle([{ kind: 'end', registryId, secretId, version }]);
      destroyed += 1;
    } else left.add(`${secretId}, version ${version} of registry ${registryId}`);
  }
  const repaired = destroyed > 0 ? `${counted(destroyed, 'secret')} destroyed` : null;
  if (left.count === 0) return ok('no secret of an ended version is left', repaired);
  return failed(
    `${counted(left.count, 'secret')} of ended versions not destroyed: ${left.text}`,
    'Run this with --repair: it destroys them.',
    repaired,
  );
}

/** The stream decides, and as it is now: what the events do not know, or still hold, is never destroyed. */
async function isEnded(aggregates: Pick<AggregateStore, 'loadRegistry'>, secret: PlacedSecret): Promise<boolean> {
  const { state } = await aggregates.loadRegistry(secret.projectId, secret.registryId);
  if (secret.credentialVersion > state.lastVersion) return false;
  if (state.phase !== 'live') return true;
  return heldVersions(state).every(({ credential }) => credential.version !== secret.credentialVersion);
}
