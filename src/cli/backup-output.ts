import type { BackupHeader } from '../adapters/postgres/backup/backup-format.ts';

export function contentOf({ position, tables, createdAt, purser }: BackupHeader): string {
  const secrets = tables.find(({ schema, name }) => schema === 'vault' && name === 'secrets')?.rows ?? 0;
  return `${position} events and ${secrets} secrets, as of ${createdAt} (Purser ${purser})`;
}

export function namesOf(keyIds: readonly number[]): string {
  return keyIds.length === 0 ? 'no key' : keyIds.map((id) => `key ${id}`).join(', ');
}
