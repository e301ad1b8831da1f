import { afterEach, beforeEach } from 'vitest';
import type { GraphqlAnswer } from './purser.ts';

const MOST = 5;
let refused: string[] = [];

/** Keeps what an answer without data was refused for, until the test is over. */
export function keepRefusal({ data, errors }: GraphqlAnswer): void {
  if (data || !errors) return;
  refused = [...refused, ...errors.map(({ message, extensions: { code } }) => `${code}: ${message}`)].slice(-MOST);
}

/** To a failure that only says that there was no data, adds why: otherwise it would not tell the code. */
export function tellRefusals(): void {
  beforeEach(() => {
    refused = [];
  });
  afterEach(({ task }) => {
    if (refused.length === 0) return;
    const reason = `\nThe last answers without data: ${refused.join('; ')}`;
    for (const error of task.result?.errors ?? []) {
      if (!/^Cannot (?:read properties of|destructure)/.test(error.message)) continue;
      error.message += reason;
      if (error.stack) error.stack = error.stack.replace('\n', `${reason}\n`);
    }
  });
}
