import { counted, createExamples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { PurserError } from '../../domain/errors.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { heldVersions } from '../../domain/rotation.ts';
import { createStoredSecrets } from '../credential/stored-secrets.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { Vault } from '../ports/vault.ts';

export interface CheckSecretsDeps {
  /** Every live registry, as the log had it a moment ago. */
  readonly registries: AsyncIterable<LiveRegistry>;
  readonly vault: Pick<Vault, 'open' | 'seal'>;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  /** Notes in the vault that these secrets can be opened, or cannot, and gives how many were noted otherwise. */
  readonly note: ((secretIds: readonly string[], opens: boolean) => Promise<number>) | null;
  readonly onProgress: (secrets: number) => void;
}

interface Held {
  readonly version: number;
  readonly secretId: string;
  /** Undefined if it opens. */
  readonly fault: string | undefined;
}

const NOTED_AT_ONCE = 200;
const FIX =
  'Restore the vault from a newer backup, or rotate these credentials. --repair shows those that are there and do not open as NEEDS_CREDENTIAL, and gives notice.';

/**
 * Opens every secret that a live registry holds, by the reference in its events: so its digest is the one in the events,
 * and it was sealed for this project, registry, version and host.
 */
export async function checkSecrets(deps: CheckSecretsDeps): Promise<Finding> {
  const faults = createExamples();
  const unreadable: string[] = [];
  const opened: string[] = [];
  let noted = 0;
  let cleared = 0;
  let count = 0;

  async function take(held: readonly Held[], registry: LiveRegistry): Promise<void> {
    for (const { version, secretId, fault } of held) {
      count += 1;
      if (fault !== undefined) {
        faults.add(`${registry.url} in project ${registry.projectId}, version ${version}: ${fault}`);
        if (fault !== MISSING) unreadable.push(secretId);
      } else opened.push(secretId);
    }
    if (unreadable.length + opened.length >= NOTED_AT_ONCE) await note();
    deps.onProgress(count);
  }

  async function note(): Promise<void> {
    noted += (await deps.note?.(unreadable.splice(0), false)) ?? 0;
    cleared += (await deps.note?.(opened.splice(0), true)) ?? 0;
  }

  for await (const registry of deps.registries) await take(await openAll(deps, registry), registry);
  await note();
  const repaired = [
    ...(noted > 0 ? [`${counted(noted, 'secret')} noted as unreadable`] : []),
    ...(cleared > 0 ? [`${counted(cleared, 'secret')} noted as readable again`] : []),
  ].join(', ');
  if (faults.count === 0)
    return ok(`${counted(count, 'secret')} opened, with the digests in the events`, repaired || null);
  return failed(
    `${faults.count} of ${counted(count, 'secret')} cannot be opened: ${faults.text}`,
    FIX,
    repaired || null,
  );
}

const MISSING = 'it is missing';

/** What changed meanwhile is looked at once more, as it is then. */
async function openAll(deps: CheckSecretsDeps, registry: LiveRegistry): Promise<readonly Held[]> {
  const { projectId, registryId } = registry;
  const held: Held[] = [];
  for (const holding of heldVersions(registry)) {
    const { version, secretId } = holding.credential;
    held.push({ version, secretId, fault: await openingFault(deps.vault, holding) });
  }
  if (held.every(({ fault }) => fault === undefined)) return held;
  const { state } = await deps.aggregates.loadRegistry(projectId, registryId);
  if (state.phase !== 'live') return [];
  return sameSecrets(held, state) ? held : openAll(deps, state);
}

function sameSecrets(held: readonly Held[], registry: LiveRegistry): boolean {
  const now = heldVersions(registry).map(({ credential }) => credential.secretId);
  return held.length === now.length && held.every(({ secretId }) => now.includes(secretId));
}

async function openingFault(vault: CheckSecretsDeps['vault'], holding: LiveRegistry): Promise<string | undefined> {
  const { projectId, registryId } = holding;
  let fault: string | undefined;
  const secrets = createStoredSecrets(vault, (error) => {
    fault = error instanceof Error ? error.message : String(error);
  });
  try {
    return (await secrets.open({ projectId, registryId }, holding)) === undefined ? MISSING : undefined;
  } catch (error) {
    if (error instanceof PurserError && error.code === 'CREDENTIAL_UNAVAILABLE') return fault ?? error.message;
    throw error;
  }
}
