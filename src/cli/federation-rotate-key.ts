import { addWorkloadKey } from '../adapters/vault/workload-keys.ts';
import { OperatorError } from '../domain/errors.ts';
import { comingKey } from '../domain/workload-keys.ts';
import { CONFIGURED, type Command } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { withStores } from './with-stores.ts';

export const federationRotateKey: Command = {
  summary: 'Makes the next key of the tokens in which the service says to clouds who it is.',
  usage: '[--at-once] [--json]',
  help: `
  --at-once  the new key signs now, and all others are destroyed: for a key that may be known to others
  --json     prints the outcome as JSON

The next key is published at once and signs after a week, so that providers have it by then; where you uploaded keys, upload
them anew within that week (purser federation export). The service does this by itself every 90 days. After --at-once,
logins to a cloud can fail until the cloud reads the keys anew; those it has read, it may trust until then.
${CONFIGURED}`,
  options: { 'at-once': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  run: ({ 'at-once': atOnce, json }, env, { stdout }) =>
    withStores(env, openToRead, async ({ vault: { keyRing, records } }) => {
      const now = Date.now();
      const keys = await records.workloadKeys();
      if (keys.length === 0) {
        throw new OperatorError(
          'There is no such key yet. The service makes the first one when it starts with WORKLOAD_ISSUER_URL.',
        );
      }
      const coming = comingKey(keys, now);
      if (coming !== undefined && atOnce !== true) {
        throw new OperatorError(
          `Key ${coming.id} is published already and signs from ${timeOf(coming)} on. With --at-once a new one signs now.`,
        );
      }
      const made = await addWorkloadKey(keyRing, records, { now, atOnce: atOnce === true });
      if (made === undefined) throw new OperatorError('Another process has made a key meanwhile. Nothing was changed.');
      stdout.write(
        json === true
          ? `${JSON.stringify({ keyId: made.id, signsFrom: timeOf(made) })}\n`
          : `key ${made.id} is published and signs from ${timeOf(made)} on${atOnce === true ? '; the others are destroyed' : ''}\n`,
      );
      return 0;
    }),
};

function timeOf({ signsFrom }: { readonly signsFrom: number }): string {
  return new Date(signsFrom).toISOString();
}
