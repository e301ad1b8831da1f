import { counted, createExamples, type Finding, failed, ok, warning } from '../../domain/doctor-report.ts';
import { registryStream } from '../../domain/identity.ts';
import type { AggregateStore } from '../aggregate-store.ts';
import { ORPHANED_AFTER_MS, refersTo } from '../discard-orphaned-secrets.ts';
import type { Vault } from '../ports/vault.ts';

export interface CheckPendingSecretsDeps {
  readonly vault: Pick<Vault, 'pending'>;
  readonly aggregates: Pick<AggregateStore, 'history'>;
  /** Discards those that no event refers to, and gives how many. Null: nothing is repaired. */
  readonly discard: (() => Promise<number>) | null;
}

const PAGE = 100;

/** Secrets whose command did not come to its end. The leader discards those without an event within half a minute. */
export async function checkPendingSecrets(deps: CheckPendingSecretsDeps): Promise<Finding> {
  const discarded = (await deps.discard?.()) ?? 0;
  const repaired = discarded > 0 ? `${counted(discarded, 'pending secret')} discarded` : null;
  const orphans = createExamples();
  const unsettled = createExamples();
  let after: string | undefined;
  do {
    const page = await deps.vault.pending(ORPHANED_AFTER_MS, PAGE, after);
    for (const { secretId, projectId, registryId, credentialVersion } of page) {
      const name = `${secretId} for version ${credentialVersion} of registry ${registryId}`;
      const history = await deps.aggregates.history(registryStream(projectId, registryId));
      if (history.some((event) => refersTo(event, secretId))) unsettled.add(name);
      else orphans.add(name);
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.secretId;
  } while (after !== undefined);
  if (unsettled.count > 0) {
    return failed(
      `${counted(unsettled.count, 'secret')} pending although an event refers to it: ${unsettled.text}`,
      'Run purser rebuild: it gives the vault what the events say once more.',
      repaired,
    );
  }
  if (orphans.count > 0) {
    return warning(
      `${counted(orphans.count, 'secret')} pending for more than ten minutes, without an event: ${orphans.text}`,
      'Start the service, which discards them, or run this with --repair.',
      repaired,
    );
  }
  return ok('none waits for its event', repaired);
}
