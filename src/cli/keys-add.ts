import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY_BYTES } from '../adapters/vault/authenticated-encryption.ts';
import { changeKeyFile } from '../adapters/vault/change-key-file.ts';
import { checkKeyIds } from '../adapters/vault/key-check.ts';
import { createKeyFile, readKeyFile } from '../adapters/vault/key-file.ts';
import { MAX_KEY_ID, withKey, withPrimary } from '../adapters/vault/key-file-format.ts';
import { loadKeyRing } from '../adapters/vault/key-ring.ts';
import { OperatorError } from '../domain/errors.ts';
import { CONFIGURED, type Command, type Output } from './command.ts';
import { holdersWithout, type Keys, openKeyRing, withKeys } from './open-keys.ts';

/** Replicas look at the key file each second. */
const TAKEN_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 250;

/** The exit code is 1 if the key was added and is not primary yet. */
export const keysAdd: Command = {
  summary: 'Adds a key to the key file, and makes it primary once all running replicas have it.',
  usage: '[--no-promote] [--json]',
  help: `
  --no-promote  leaves it at adding: make it primary with \`purser keys promote\`
  --json        prints the outcome as JSON

Running replicas take the new key by themselves. If one reads another copy of the key file, the new key does not become
primary: give all replicas the file, then run \`purser keys promote\`. Then \`purser keys rewrap\` brings everything under it.
${CONFIGURED}`,
  options: { 'no-promote': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  run: (options, env, output) =>
    withKeys(env, async (keys) => {
      const added = await addKey(keys);
      const missing = options['no-promote'] === true || added.isPrimary ? [] : await awaitHolders(keys, added.keyId);
      const isPromoted = !added.isPrimary && options['no-promote'] !== true && missing.length === 0;
      if (isPromoted) await changeKeyFile(keys.file, (content) => withPrimary(content, added.keyId));
      const outcome = { keyId: added.keyId, primary: added.isPrimary || isPromoted, replicasWithout: missing };
      if (options.json === true) output.stdout.write(`${JSON.stringify(outcome)}\n`);
      else tell(output, keys.file, outcome);
      return outcome.primary || options['no-promote'] === true ? 0 : 1;
    }),
};

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
async function addKey(keys: Keys): Promise<{ readonly keyId: number; readonly isPrimary: boolean }> {
  const { file, records } = keys;
  const isFirst = (await readKeyFile(file)) === undefined && (await records.keyChecks()).length === 0;
  if (isFirst) {
    await createKeyFile(file);
    const { primaryKeyId } = await openKeyRing(keys);
    return { keyId: primaryKeyId, isPrimary: true };
  }
  const keyRing = await openKeyRing(keys);
  const keyId = Math.max(...keyRing.keyIds, ...(await records.keyChecks()).map((check) => check.keyId)) + 1;
  if (keyId > MAX_KEY_ID) throw new OperatorError(`There is no id after ${MAX_KEY_ID}.`);
  const line = `${keyId} ${randomBytes(KEY_BYTES).toString('base64')}`;
  await changeKeyFile(file, (content) => withKey(content, line, keyRing.primaryKeyId));
  // From here on no other key can get the id.
  await checkKeyIds(await loadKeyRing({ file, createIfMissing: false }), records);
  return { keyId, isPrimary: false };
}

/** Gives the replicas that still do not have the key after a while. */
async function awaitHolders({ records }: Keys, keyId: number): Promise<string[]> {
  for (const until = performance.now() + TAKEN_WITHIN_MS; ; await delay(LOOK_EVERY_MS)) {
    const missing = holdersWithout(await records.holders(), keyId);
    if (missing.length === 0 || performance.now() > until) return missing;
  }
}
