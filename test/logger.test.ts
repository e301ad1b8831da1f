import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, linesTo } from '../src/logger.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-lines-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('lines of the service', () => {
  it('are written one after the other, at once', () => {
    const fd = openSync(join(folder, 'out'), 'w');
    const logger = createLogger('info', linesTo(fd));
    logger.info('first');
    logger.debug('hidden');
    logger.info('second');
    const lines = readFileSync(join(folder, 'out'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['first', 'second']);
    closeSync(fd);
  });

  it.skipIf(process.platform !== 'linux')('stop nothing if they cannot be written', () => {
    const fd = openSync('/dev/full', 'w');
    const lines = linesTo(fd);
    let dropped = 0;
    lines.on('drop', () => {
      dropped += 1;
    });
    const logger = createLogger('info', lines);
    for (let line = 0; line < 3_000; line += 1) logger.info('x'.repeat(1_000));
    // Some 1 MiB waits.
    expect(dropped).toBeGreaterThan(1_500);
    expect(dropped).toBeLessThan(2_500);
    closeSync(fd);
  });
});
