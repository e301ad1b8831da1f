import { counted, type Finding, failed, ok, warning } from '../../domain/doctor-report.ts';
import type { ComparedTable, DataFolderFacts, DeadLetters, SchemaState } from '../ports/doctor-queries.ts';

const MIB = 1024 * 1024;
/** A segment of the write-ahead log takes 16 MiB, and Postgres keeps some. */
const TOO_LITTLE_BYTES = 100 * MIB;
const LITTLE_BYTES = 1024 * MIB;

export function judgeDataFolder(dataDir: string, { freeBytes, open }: DataFolderFacts): Finding {
  if (open.length > 0) {
    return failed(
      `other users can reach ${open.join(', ')}`,
      'Run chmod go= on it, and replace what they may have read.',
    );
  }
  const free = `${Math.floor(freeBytes / MIB)} MiB free in ${dataDir}`;
  const fix = 'Free some space on that disk, before Postgres stops writing.';
  if (freeBytes < TOO_LITTLE_BYTES) return failed(free, fix);
  return freeBytes < LITTLE_BYTES ? warning(free, fix) : ok(free);
}

export function judgeMigrations(state: SchemaState): Finding {
  const { missing, changed, newer, applied } = state;
  if (changed.length > 0) {
    return failed(
      `${changed.join(', ')} changed since it was applied`,
      'Another build made this database: use that one, or give Purser a new database.',
    );
  }
  if (missing.length > 0) return failed(`not applied: ${missing.join(', ')}`, 'Start the service, which applies them.');
  if (newer.length > 0) {
    return warning(`a newer version has applied ${newer.join(', ')}`, 'Run doctor of that version as well.');
  }
  return ok(`all ${applied} applied`);
}

export function judgeDeadLetters({ count, oldest, webhooks }: DeadLetters): Finding {
  if (count === 0) return ok('no delivery was given up');
  return warning(
    `${counted(count, 'delivery', 'deliveries')} given up, for ${webhooks.join(', ')}; the oldest is of ${oldest}`,
    'Correct the receiver, then replay them with replayWebhookDelivery.',
  );
}

/** Tables of the audit log have a line of their own. */
const AUDIT_TABLES: readonly string[] = ['audit_entries', 'audit_heads'];

const DIFFERENCES = { CHANGED: 'is another one', MISSING: 'is missing', SURPLUS: 'should not be there' } as const;

/** Whether the read models are what the events give. */
export function judgeReadModels(tables: readonly ComparedTable[]): {
  readonly models: Finding;
  readonly audit: Finding;
} {
  return {
    models: judge(
      tables.filter(({ table }) => !AUDIT_TABLES.includes(table)),
      'Run purser rebuild, which makes them anew while the service runs.',
    ),
    audit: judge(
      tables.filter(({ table }) => AUDIT_TABLES.includes(table)),
      'Somebody changed the tables. Keep a copy, and verify an export with the anchor; then purser rebuild makes them anew from the events.',
    ),
  };
}

function judge(tables: readonly ComparedTable[], fix: string): Finding {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const differing = tables.flatMap(({ table, difference, inUse, anew }) =>
    difference === null
      ? []
      : [
          `${table} (SHA-256 ${inUse.slice(0, 12)}, from the events ${anew.slice(0, 12)}), where the first row, ${difference.key}, ${DIFFERENCES[difference.kind]}`,
        ],
  );
  if (differing.length > 0) return failed(`not what the events give: ${differing.join('; ')}`, fix);
  return ok(`${counted(rows, 'row')} of ${counted(tables.length, 'table')} as the events give them, by SHA-256`);
}
