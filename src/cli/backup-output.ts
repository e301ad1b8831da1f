import type { BackupHeader } from '../adapters/postgres/backup/backup-format.ts';
import type { Output } from './command.ts';

export function contentOf({ position, tables, createdAt, purser }: BackupHeader): string {
  const secrets = tables.find(({ schema, name }) => schema === 'vault' && name === 'secrets')?.rows ?? 0;
  return `${position} events and ${secrets} secrets, as of ${createdAt} (Purser ${purser})`;
}

export function namesOf(keyIds: readonly number[]): string {
  return keyIds.length === 0 ? 'no key' : keyIds.map((id) => `key ${id}`).join(', ');
}

export interface ProgressLine {
  show(text: string): void;
  end(): void;
}

const SHOWN_EVERY_MS = 200;

/** One line that changes, on a terminal only. */
export function createProgressLine({ stderr }: Output): ProgressLine {
  let shownAt = 0;
  return {
    show(text) {
      if (!stderr.isTTY || performance.now() - shownAt < SHOWN_EVERY_MS) return;
      shownAt = performance.now();
      stderr.write(`\r${text}\u001b[K`);
    },
    end() {
      if (shownAt > 0) stderr.write('\r\u001b[K');
      shownAt = 0;
    },
  };
}
