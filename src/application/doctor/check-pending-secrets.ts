import { counted, createExamples, type Finding, failed, ok, warning } from '../../domain/doctor-report.ts';
import type { EventType } from '../../domain/events.ts';
import { registryStream } from '../../domain/identity.ts';
import { ORPHANED_AFTER_MS, refersTo } from '../credential/discard-orphaned-secrets.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import { type PendingSecret, SecretIntegrityError, type Vault } from '../ports/vault.ts';

export interface CheckPendingSecretsDeps {
  readonly vault: Pick<Vault, 'pending' | 'discard' | 'isSealed'>;
  readonly aggregates: Pick<AggregateStore, 'history'>;
  /** Discards those that no event refers to, and gives how many. Null: nothing is repaired. */
  readonly discard: (() => Promise<number>) | null;
}

const PAGE = 100;
const DISCARDED: EventType = 'PendingSecretDiscarded';

/** Secrets whose command did not come to its end. The leader discards those without an event within half a minute. */
export async function checkPendingSecrets(deps: CheckPendingSecretsDeps): Promise<Finding> {
  const discarded = (await deps.discard?.()) ?? 0;
  const repaired = discarded > 0 ? `${counted(discarded, 'pending secret')} discarded` : null;
  const orphans = createExamples();
  const unsettled = createExamples();
  const forged = createExamples();
  let after: string | undefined;
  do {
    const page = await deps.vault.pending(ORPHANED_AFTER_MS, PAGE, after);
    for (const pending of page) {
      const { secretId, projectId, registryId, credentialVersion } = pending;
      const name = `${secretId} for version ${credentialVersion} of registry ${registryId}`;
      const history = await deps.aggregates.history(registryStream(projectId, registryId));
      const referring = history.filter((event) => refersTo(event, secretId));
      if (referring.some(({ type }) => type !== DISCARDED)) unsettled.add(name);
      else if (!(await isSealed(deps.vault, pending))) forged.add(name);
      else if (deps.discard === null || referring.length === 0) orphans.add(name);
      // As the projector does once it has passed the event.
      else await deps.vault.discard(secretId);
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
  } while (after !== undefined);
  if (forged.count > 0) {
    return failed(
      `${counted(forged.count, 'secret')} pending that Purser has not sealed: ${forged.text}`,
      'Somebody else wrote these rows. Find out who, then delete them.',
      repaired,
    );
  }
  if (unsettled.count > 0) {
    return failed(
      `${counted(unsettled.count, 'secret')} pending although an event refers to it: ${unsettled.text}`,
      'Start the service. If it is running, run purser rebuild: that gives the vault what the events say once more.',
      repaired,
    );
  }
  if (orphans.count > 0) {
    return warning(
      `${counted(orphans.count, 'secret')} pending for more than ten minutes, for no event: ${orphans.text}`,
      'Start the service, which discards them, or run this with --repair.',
      repaired,
    );
  }
  return ok('none waits for its event', repaired);
}

async function isSealed(vault: Pick<Vault, 'isSealed'>, pending: PendingSecret): Promise<boolean> {
  try {
    await vault.isSealed(pending);
    return true;
  } catch (error) {
    if (error instanceof SecretIntegrityError) return false;
    throw error;
  }
}
