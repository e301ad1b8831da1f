import { counted, createExamples, type Examples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import type { PlacedSecret, VaultInventory } from '../ports/doctor-queries.ts';
import type { Position } from '../ports/event-log.ts';

export interface CheckStoresDeps {
  readonly inventory: Pick<VaultInventory, 'ahead' | 'unknown'>;
  /** How far the read models are. */
  readonly position: Position;
  /** The end of the log, read after that. */
  readonly end: Position;
}

/** Whether one of the two, Postgres and the log, was restored to an earlier state than the other. */
export async function checkStores({ inventory, position, end }: CheckStoresDeps): Promise<Finding> {
  if (position > end) {
    return failed(
      `the log is older than Postgres: the read models have passed position ${position}, and the log ends at ${end}`,
      'Restore the log from a newer backup. If there is none, restore Postgres to the same time.',
    );
  }
  const ahead = await examplesOf(inventory.ahead());
  if (ahead.count > 0) {
    return failed(
      `the log is older than Postgres: it does not know the version of ${counted(ahead.count, 'secret')}: ${ahead.text}`,
      'Restore the log from a newer backup. Nothing is destroyed meanwhile, not by --repair either.',
    );
  }
  const unknown = await examplesOf(inventory.unknown());
  if (unknown.count > 0) {
    return failed(
      `Postgres is older than the log: the vault never had the secret of ${counted(unknown.count, 'registry', 'registries')}: ${unknown.text}`,
      'Restore Postgres from a newer backup, or rotate these credentials: they show as NEEDS_CREDENTIAL, and notice is given.',
    );
  }
  return ok('each has what the other refers to');
}

async function examplesOf(secrets: AsyncIterable<PlacedSecret>): Promise<Examples> {
  const examples = createExamples();
  for await (const { registryId, projectId, credentialVersion } of secrets) {
    examples.add(`version ${credentialVersion} of registry ${registryId} in project ${projectId}`);
  }
  return examples;
}
