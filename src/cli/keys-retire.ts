import { changeKeyFile } from '../adapters/vault/change-key-file.ts';
import { readKeyFile } from '../adapters/vault/key-file.ts';
import { type KeyEntry, withoutKey } from '../adapters/vault/key-file-format.ts';
import type { KeyUse } from '../adapters/vault/secret-stores.ts';
import { OperatorError } from '../domain/errors.ts';
import { CONFIGURED, type Command } from './command.ts';
import { type Keys, openKeyRing, readKeyId, withKeys } from './open-keys.ts';

export const keysRetire: Command = {
  summary: 'Destroys a key that no row needs any more.',
  usage: '<id> [--json]',
  help: `
  <id>    the key; its id is never used again
  --json  prints the outcome as JSON

It refuses while a row needs the key, and while a running replica seals with it. From then on nothing can come under it.
Backups from before a rewrap need it: if you keep such backups, first put its line of the key file where only they are.
${CONFIGURED}`,
  argument: 'id',
  options: { json: { type: 'boolean', default: false } },
  run({ id, json }, env, { stdout }) {
    const keyId = readKeyId(id);
    return withKeys(env, async (keys) => {
      const kind = await retire(keys, keyId);
      if (json === true) {
        stdout.write(`${JSON.stringify({ keyId, retired: true })}\n`);
        return 0;
      }
      stdout.write(`key ${keyId} is retired${whatIsLeft(kind, keys.file)}\n`);
      stdout.write(
        `backups from before its last rewrap need key ${keyId}: without a copy of it their secrets cannot be opened any more, those destroyed since included\n`,
      );
      return 0;
    });
  },
};

function whatIsLeft(kind: KeyEntry['kind'] | undefined, file: string): string {
  switch (kind) {
    case undefined:
      return `; it was not in ${file}`;
    case 'local':
      return `, and destroyed in ${file}; destroy it in other copies of that file too`;
    default:
      return `, and taken out of ${file}; the key itself stays with the service that keeps it`;
  }
}

/** @returns where the key was kept; undefined if it was not in the key file */
async function retire(keys: Keys, keyId: number): Promise<KeyEntry['kind'] | undefined> {
  const { file, records } = keys;
  const keyRing = await openKeyRing(keys);
  if (keyRing.primaryKeyId === keyId) {
    throw new OperatorError(
      `Key ${keyId} is primary. Add a new one with \`purser keys add\`, run \`purser keys rewrap\`, then retire this one.`,
    );
  }
  const known = (await records.keyChecks()).some((check) => check.keyId === keyId);
  if (!known) throw new OperatorError(`There is no key ${keyId}. \`purser keys list\` shows the keys.`);
  const sealing = (await records.holders()).filter(({ primaryKeyId }) => primaryKeyId === keyId);
  if (sealing.length > 0) {
    throw new OperatorError(
      `Running replicas seal with key ${keyId}: ${sealing.map(({ replica }) => replica).join(', ')}. Give them the key file with the new primary key, run \`purser keys rewrap\`, then retire key ${keyId}.`,
    );
  }
  if (!(await records.retireKey(keyId))) throw stillNeeded(keyId, await records.keyUses());
  const entry = (await readKeyFile(file))?.keys.find(({ id }) => id === keyId);
  if (entry !== undefined) {
    await changeKeyFile(file, (content) => withoutKey(content, keyId), { destroysKey: entry.kind === 'local' });
  }
  return entry?.kind;
}

function stillNeeded(keyId: number, uses: readonly KeyUse[]): OperatorError {
  const use = uses.find((one) => one.keyId === keyId);
  return new OperatorError(
    `Key ${keyId} is needed by ${describeUse(use)}. Run \`purser keys rewrap\`, then retire it. Nothing was changed.`,
  );
}

/** Such as `2 secrets and 1 event key`. */
export function describeUse(use: Omit<KeyUse, 'keyId'> | undefined): string {
  const counted: [number | undefined, string][] = [
    [use?.secrets, 'secret'],
    [use?.mintedPasswords, 'minted password'],
    [use?.eventKeys, 'event key'],
    [use?.auditKeys, 'audit key'],
    [use?.workloadKeys, 'workload key'],
  ];
  const parts = counted.flatMap(([count = 0, name]) =>
    count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`],
  );
  return parts.length === 0 ? 'nothing' : parts.join(', ').replace(/, ([^,]*)$/, ' and $1');
}
