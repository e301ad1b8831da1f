import type { Client } from 'pg';
import type { EventLog, Position, RecordedEvent } from '../../../application/ports/event-log.ts';
import { decodeEvent, isKnownEvent } from '../../../domain/event-codec.ts';
import { secretEffectsOf } from '../../../domain/secret-effects.ts';
import { readCheckpoint } from '../read-models/checkpoint.ts';
import { eventsUntil } from './events-as-rows.ts';

/**
 * The last event of a log in another store that goes with the state of the database which the client reads. Not earlier than
 * any whose effects are in that state: what they destroyed is gone. Before the first append whose secret was sealed later than
 * that state. The row of a secret is written before its event, and stays when the secret is destroyed.
 * @param headBefore the head of the log before the state was fixed: the secrets up to there are in it
 */
export async function endOfBackup(
  client: Client,
  log: Pick<EventLog, 'head' | 'readAll'>,
  headBefore: Position,
): Promise<Position> {
  // In this order: the first statement fixes the state.
  const passed = await readCheckpoint(client);
  const head = await log.head();
  let end = passed > headBefore ? passed : headBefore;
  let last: RecordedEvent | undefined;
  for await (const event of eventsUntil({ log, until: head }, end)) {
    if (last !== undefined && !isOfSameAppend(last, event)) end = last.position;
    if (await lacksSecretOf(client, event)) return end;
    last = event;
  }
  return last?.position ?? end;
}

/** Half a command would be taken for the whole one when it is repeated. */
function isOfSameAppend(one: RecordedEvent, next: RecordedEvent): boolean {
  return (
    one.stream === next.stream &&
    one.occurredAt === next.occurredAt &&
    one.metadata.requestId === next.metadata.requestId
  );
}

async function lacksSecretOf(client: Client, event: RecordedEvent): Promise<boolean> {
  if (!isKnownEvent(event)) return false;
  const secretIds = secretEffectsOf(decodeEvent(event), 0).flatMap((effect) =>
    effect.kind === 'advance' ? [effect.secretId] : [],
  );
  if (secretIds.length === 0) return false;
  const { rows } = await client.query<{ present: number }>(
    'select count(*)::int as present from vault.secrets where secret_id = any($1::uuid[])',
    [secretIds],
  );
  return rows[0]?.present !== new Set(secretIds).size;
}
