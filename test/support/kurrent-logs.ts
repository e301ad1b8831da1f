import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { createKurrentEventLog } from '../../src/adapters/kurrentdb/event-log.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { parseStoreAddress } from '../../src/domain/event-store-url.ts';

/** What the names of streams begin with that no other log has. */
export function aPrefix(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}

export interface ObservedLog extends EventLog {
  /** What it logged: the message, and the details as JSON. */
  readonly lines: readonly string[];
}

/** A log that is closed at the end of the test. */
export function openKurrentLog(
  url: string,
  options: { prefix?: string; appendTimeoutMs?: number; readTimeoutMs?: number } = {},
): ObservedLog {
  const { prefix = aPrefix(), ...others } = options;
  const lines: string[] = [];
  const write = (details: object, message: string) => void lines.push(`${message} ${JSON.stringify(details)}`);
  const logger = { warn: write, error: write };
  const log = createKurrentEventLog({ address: parseStoreAddress(url), name: prefix, logger, ...others });
  onTestFinished(() => log.close());
  return { ...log, lines };
}
