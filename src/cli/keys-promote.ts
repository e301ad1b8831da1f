import { changeKeyFile } from '../adapters/vault/change-key-file.ts';
import { withPrimary } from '../adapters/vault/key-file-format.ts';
import { OperatorError } from '../domain/errors.ts';
import { CONFIGURED, type Command } from './command.ts';
import { awaitHolders, openKeyRing, readKeyId, requireHeldByAll, withKeys } from './open-keys.ts';

export const keysPromote: Command = {
  summary: 'Makes a key of the key file primary, if all running replicas have it.',
  usage: '<id> [--json]',
  help: `
  <id>    the key that seals from now on
  --json  prints the outcome as JSON

Running replicas take the change by themselves.
${CONFIGURED}`,
  argument: 'id',
  options: { json: { type: 'boolean', default: false } },
  run({ id, json }, env, { stdout }) {
    const keyId = readKeyId(id);
    return withKeys(env, async (keys) => {
      const keyRing = await openKeyRing(keys);
      if (!keyRing.keyIds.includes(keyId)) {
        throw new OperatorError(`Key ${keyId} is not in the key file ${keys.file}. Add keys with \`purser keys add\`.`);
      }
      if ((await keys.records.retiredKeyIds()).includes(keyId)) {
        throw new OperatorError(`Key ${keyId} is retired and stays so. Add a new one with \`purser keys add\`.`);
      }
      requireHeldByAll(await awaitHolders(keys.records, keyId, 0), keyId);
      await changeKeyFile(keys.file, (content) => withPrimary(content, keyId));
      stdout.write(
        json === true
          ? `${JSON.stringify({ keyId, primary: true })}\n`
          : `key ${keyId} is primary: \`purser keys rewrap\` brings everything under it\n`,
      );
      return 0;
    });
  },
};
