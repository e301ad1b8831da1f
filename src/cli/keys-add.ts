import { randomBytes } from 'node:crypto';
import { KEY_BYTES } from '../adapters/vault/authenticated-encryption.ts';
import { changeKeyFile } from '../adapters/vault/change-key-file.ts';
import { createKeyFile, newLocalKey, readKeyFile } from '../adapters/vault/key-file.ts';
import { MAX_KEY_ID, parseKeyFile, withKey, withPrimary } from '../adapters/vault/key-file-format.ts';
import { createKeyRing } from '../adapters/vault/key-ring.ts';
import { OperatorError } from '../domain/errors.ts';
import { CONFIGURED, type Command, type Options, type Output, UsageError } from './command.ts';
import { awaitHolders, holdersWithout, type Keys, openKeyRing, withKeys } from './open-keys.ts';

/** Replicas look at the key file each second. */
const TAKEN_WITHIN_MS = 15_000;

/** The exit code is 1 if the key was added and is not primary yet. */
export const keysAdd: Command = {
  summary: 'Adds a key to the key file, and makes it primary once all running replicas have it.',
  usage: '[--kms <arn> | --transit <mount/name>] [--no-promote] [--json]',
  help: `
  --kms         a key of AWS KMS, by the key's own ARN, in place of a new one in the file
  --transit     a key of the transit engine of Vault or OpenBao, such as transit/purser
  --no-promote  leaves it at adding: make it primary with \`purser keys promote\`
  --json        prints the outcome as JSON

Running replicas take the new key by themselves. If one reads another copy of the key file, the new key does not become
primary: give all replicas the file, then run \`purser keys promote\`. Then \`purser keys rewrap\` brings everything under it.
${CONFIGURED}`,
  options: {
    kms: { type: 'string' },
    transit: { type: 'string' },
    'no-promote': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  run(options, env, output) {
    const key = keyToAdd(options);
    return withKeys(env, async (keys) => {
      const added = await addKey(keys, key);
      const isToPromote = !added.isPrimary && options['no-promote'] !== true;
      const holders = isToPromote ? await awaitHolders(keys.records, added.keyId, TAKEN_WITHIN_MS) : [];
      const missing = holdersWithout(holders, added.keyId);
      const isPromoted = isToPromote && missing.length === 0;
      if (isPromoted) await changeKeyFile(keys.file, (content) => withPrimary(content, added.keyId));
      const outcome = { keyId: added.keyId, primary: added.isPrimary || isPromoted, replicasWithout: missing };
      if (options.json === true) output.stdout.write(`${JSON.stringify(outcome)}\n`);
      else tell(output, keys.file, outcome);
      return outcome.primary || options['no-promote'] === true ? 0 : 1;
    });
  },
};

/** What stands for the key in the key file. @throws UsageError */
function keyToAdd({ kms, transit }: Options): string {
  if (kms !== undefined && transit !== undefined) throw new UsageError('Give --kms or --transit, not both.');
  if (kms !== undefined) return `aws-kms:${kms}`;
  return transit === undefined ? newLocalKey() : `transit:${transit}`;
}

interface Outcome {
  readonly keyId: number;
  readonly primary: boolean;
  readonly replicasWithout: readonly string[];
}

function tell({ stdout }: Output, file: string, { keyId, primary, replicasWithout }: Outcome): void {
  stdout.write(`key ${keyId} was added to ${file}\n`);
  if (primary) {
    stdout.write(`key ${keyId} is primary: \`purser keys rewrap\` brings everything under it\n`);
    return;
  }
  if (replicasWithout.length > 0) {
    stdout.write(`${replicasWithout.length} running replicas do not have it: ${replicasWithout.join(', ')}\n`);
  }
  stdout.write(`it is not primary: give all replicas the key file, then run \`purser keys promote ${keyId}\`\n`);
}

/** The first key of an empty database is primary at once. */
async function addKey(keys: Keys, key: string): Promise<{ readonly keyId: number; readonly isPrimary: boolean }> {
  const { file, records } = keys;
  const isFirst = (await readKeyFile(file)) === undefined && (await records.keyChecks()).length === 0;
  if (isFirst) {
    await tryOut(keys, `1 ${key}`);
    await createKeyFile(file, key);
    const { primaryKeyId } = await openKeyRing(keys);
    return { keyId: primaryKeyId, isPrimary: true };
  }
  const keyRing = await openKeyRing(keys);
  const keyId = Math.max(...keyRing.keyIds, ...(await records.keyChecks()).map((check) => check.keyId)) + 1;
  if (keyId > MAX_KEY_ID) throw new OperatorError(`There is no id after ${MAX_KEY_ID}.`);
  const line = `${keyId} ${key}`;
  await tryOut(keys, line);
  await changeKeyFile(file, (content) => withKey(content, line, keyRing.primaryKeyId));
  // From here on no other key can get the id.
  await openKeyRing(keys);
  return { keyId, isPrimary: false };
}

/** Nothing is written unless the key opens what it has sealed. @throws KeyRingError, or UNAVAILABLE with a KeyFault */
async function tryOut({ file, externalKeys }: Keys, line: string): Promise<void> {
  const keyRing = createKeyRing(parseKeyFile(file, line), externalKeys.open);
  const context = Buffer.from('purser key try-out');
  const dataKey = randomBytes(KEY_BYTES);
  const opened = await keyRing.unwrap(await keyRing.wrap(dataKey, context), context);
  if (!opened.equals(dataKey))
    throw new OperatorError('The key does not give back what it has sealed. Nothing was changed.');
}
