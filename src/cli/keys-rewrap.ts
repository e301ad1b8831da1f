import { createMintedPasswordStore } from '../adapters/postgres/vault/minted-password-store.ts';
import { replaceAuditKey } from '../adapters/vault/audit-keys.ts';
import { rewrapEventKeys } from '../adapters/vault/event-keys.ts';
import { mintedPasswordRows } from '../adapters/vault/minted-password-vault.ts';
import { type RewrapOptions, rewrapAll, rowsToRewrap } from '../adapters/vault/rewrap.ts';
import type { KeyUse } from '../adapters/vault/secret-stores.ts';
import { rewrapWorkloadKeys } from '../adapters/vault/workload-keys.ts';
import type { OpenVault } from '../composition/stores.ts';
import { CONFIGURED, type Command, type Output } from './command.ts';
import { describeUse } from './keys-retire.ts';
import { requireHeldByAll } from './open-keys.ts';
import { openToRead } from './open-to-read.ts';
import { createCountedProgress } from './progress.ts';
import { withStores } from './with-stores.ts';

/** The exit code is 1 if something stayed under another key. */
export const keysRewrap: Command = {
  summary: 'Brings everything under the primary key, while the service runs.',
  usage: '[--json]',
  help: `
  --json  prints the outcome as JSON

It touches only the wrapped keys. It can be stopped or killed at any time, and goes on with what is left the next time; two
at once do no harm. It refuses while a running replica does not have the primary key.
${CONFIGURED}`,
  options: { json: { type: 'boolean', default: false } },
  run: ({ json }, env, output) =>
    withStores(env, openToRead, async ({ logger, stores: { connectionString }, vault }) => {
      requireHeldByAll(await vault.records.holders(), vault.keyRing.primaryKeyId);
      const minted = createMintedPasswordStore({ connectionString, logger });
      try {
        const outcome = await untilStopped((signal) => rewrapEverything(vault, minted, output, signal));
        if (json === true) output.stdout.write(`${JSON.stringify(outcome)}\n`);
        else tell(output, outcome);
        return outcome.left.length > 0 ? 1 : 0;
      } finally {
        await minted.close();
      }
    }),
};

interface Outcome {
  readonly primaryKeyId: number;
  readonly rewrapped: Omit<KeyUse, 'keyId' | 'auditKeys'>;
  /** The key that signs heads of audit logs from now on, if it is a new one. */
  readonly auditKey: { readonly keyId: string; readonly publicKey: string } | null;
  readonly unreadable: {
    readonly secrets: readonly string[];
    readonly eventKeys: readonly number[];
    readonly workloadKeys: readonly number[];
  };
  /** What is still under other keys. */
  readonly left: readonly KeyUse[];
  readonly stopped: boolean;
}

async function rewrapEverything(
  { keyRing, records, vault }: OpenVault,
  mintedPasswords: ReturnType<typeof createMintedPasswordStore>,
  output: Output,
  signal: AbortSignal,
): Promise<Outcome> {
  const { primaryKeyId } = keyRing;
  const progress = createCountedProgress(output, 'rewrapped', rowsToRewrap(await records.keyUses(), primaryKeyId));
  const from = (before: number): RewrapOptions => ({ signal, onProgress: (count) => progress.show(before + count) });
  try {
    const eventKeys = await rewrapEventKeys(keyRing, records);
    const workloadKeys = await rewrapWorkloadKeys(keyRing, records);
    const auditKey = (await replaceAuditKey(keyRing, records)) ?? null;
    const secrets = await vault.rewrapAll(from(0));
    const minted = await rewrapAll(keyRing, mintedPasswordRows(mintedPasswords), from(secrets.rewrapped));
    const left = (await records.keyUses()).filter(({ keyId }) => keyId !== primaryKeyId);
    return {
      primaryKeyId,
      rewrapped: {
        secrets: secrets.rewrapped,
        mintedPasswords: minted.rewrapped,
        eventKeys: eventKeys.rewrapped,
        workloadKeys: workloadKeys.rewrapped,
      },
      auditKey,
      unreadable: {
        secrets: secrets.unreadable,
        eventKeys: eventKeys.unreadable,
        workloadKeys: workloadKeys.unreadable,
      },
      left,
      stopped: signal.aborted,
    };
  } finally {
    progress.end();
  }
}

function tell({ stdout }: Output, { primaryKeyId, rewrapped, auditKey, unreadable, left, stopped }: Outcome): void {
  stdout.write(`rewrapped under key ${primaryKeyId}: ${describeUse({ ...rewrapped, auditKeys: 0 })}\n`);
  if (auditKey !== null) {
    stdout.write(`audit logs are signed by the new key ${auditKey.keyId} from now on: ${auditKey.publicKey}\n`);
  }
  for (const id of unreadable.eventKeys) stdout.write(`event key ${id} cannot be opened with its key\n`);
  for (const id of unreadable.workloadKeys) stdout.write(`workload key ${id} cannot be opened with its key\n`);
  for (const secretId of unreadable.secrets) stdout.write(`secret ${secretId} cannot be opened with its key\n`);
  for (const use of left) stdout.write(`key ${use.keyId} is still needed by ${describeUse(use)}\n`);
  if (stopped) stdout.write('stopped: run it again to go on\n');
}

/** The first SIGINT or SIGTERM ends the work after the current batch, the second one at once. */
async function untilStopped<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    return await work(stopping.signal);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }
}
