import { readKeyFile } from '../adapters/vault/key-file.ts';
import type { KeyUse } from '../adapters/vault/secret-stores.ts';
import { CONFIGURED, type Command } from './command.ts';
import { type Keys, withKeys } from './open-keys.ts';

interface ListedKey extends KeyUse {
  readonly kind: 'local' | 'aws-kms' | 'transit' | null;
  /** `missing`: not in the key file, and not retired. */
  readonly state: 'primary' | 'ready' | 'retired' | 'missing';
  /** How many of the running replicas have it. */
  readonly replicas: number;
}

const COLUMNS = [
  'key',
  'kind',
  'state',
  'secrets',
  'minted passwords',
  'event keys',
  'audit keys',
  'workload keys',
  'replicas',
];

/** The exit code is 1 if rows need a key that the key file does not have. */
export const keysList: Command = {
  summary: 'Lists the keys, and how many rows need each of them.',
  usage: '[--json]',
  help: `
  --json  prints a JSON array

It prints no key. The last column says how many of the running replicas have the key.
${CONFIGURED}`,
  options: { json: { type: 'boolean', default: false } },
  run: ({ json }, env, { stdout }) =>
    withKeys(env, async (keys) => {
      const { listed, replicas } = await listKeys(keys);
      stdout.write(json === true ? `${JSON.stringify(listed)}\n` : tableOf(listed, replicas));
      return listed.some(({ state, ...use }) => state === 'missing' && needs(use)) ? 1 : 0;
    }),
};

async function listKeys({ file, records }: Keys): Promise<{ listed: ListedKey[]; replicas: number }> {
  const keyFile = await readKeyFile(file);
  const uses = await records.keyUses();
  const retired = await records.retiredKeyIds();
  const holders = await records.holders();
  const kinds = new Map((keyFile?.keys ?? []).map((key) => [key.id, key.kind]));
  const known = (await records.keyChecks()).map(({ keyId }) => keyId);
  const keyIds = [...new Set([...kinds.keys(), ...known, ...uses.map(({ keyId }) => keyId)])].sort((a, b) => a - b);

  function stateOf(keyId: number): ListedKey['state'] {
    if (retired.includes(keyId)) return 'retired';
    if (!kinds.has(keyId)) return 'missing';
    return keyId === keyFile?.primaryKeyId ? 'primary' : 'ready';
  }
  const listed = keyIds.map((keyId) => ({
    ...(uses.find((use) => use.keyId === keyId) ?? {
      keyId,
      secrets: 0,
      mintedPasswords: 0,
      eventKeys: 0,
      auditKeys: 0,
      workloadKeys: 0,
    }),
    kind: kinds.get(keyId) ?? null,
    state: stateOf(keyId),
    replicas: holders.filter((holder) => holder.keyIds.includes(keyId)).length,
  }));
  return { listed, replicas: holders.length };
}

function needs({ secrets, mintedPasswords, eventKeys, auditKeys, workloadKeys }: Omit<ListedKey, 'state'>): boolean {
  return secrets + mintedPasswords + eventKeys + auditKeys + workloadKeys > 0;
}

function tableOf(listed: readonly ListedKey[], replicas: number): string {
  const rows = listed.map((key) =>
    [
      key.keyId,
      key.kind ?? '-',
      key.state,
      key.secrets,
      key.mintedPasswords,
      key.eventKeys,
      key.auditKeys,
      key.workloadKeys,
      `${key.replicas} of ${replicas}`,
    ].map(String),
  );
  const table = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
