import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, linesTo, onceATurn } from '../src/logger.ts';

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

  describe('of a busy service', () => {
    const listenersBefore = new Set(process.listeners('exit'));
    afterEach(() => {
      for (const listener of added()) process.off('exit', listener);
    });

    function added() {
      return process.listeners('exit').filter((listener) => !listenersBefore.has(listener));
    }

    function begin() {
      const written: string[] = [];
      const logger = createLogger('info', onceATurn({ write: (text) => written.push(text) }));
      return {
        logger,
        sizes: () => written.map((text) => Buffer.byteLength(text)),
        messages: () =>
          written.map((text) =>
            text
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line).msg),
          ),
      };
    }

    it('are written with one call at the end of a turn', async () => {
      const { logger, messages } = begin();
      logger.info('first');
      logger.info('second');
      expect(messages()).toEqual([]);
      await nextTurn();
      logger.info('third');
      await nextTurn();
      expect(messages()).toEqual([['first', 'second'], ['third']]);
    });

    it('are all written however many a turn has', async () => {
      const fd = openSync(join(folder, 'out'), 'w');
      const logger = createLogger('info', onceATurn(linesTo(fd)));
      for (let line = 0; line < 3_000; line += 1) logger.info('x'.repeat(1_000));
      await nextTurn();
      expect(readFileSync(join(folder, 'out'), 'utf8').trim().split('\n')).toHaveLength(3_000);
      closeSync(fd);
    });

    it('are written in parts that a pipe takes, each of whole lines', () => {
      const { logger, messages, sizes } = begin();
      for (let line = 0; line < 100; line += 1) logger.info('€'.repeat(1_000));
      logger.info('long '.repeat(20_000));
      logger.info('after it');
      expect(messages().flat().length).toBeGreaterThanOrEqual(100);
      expect(sizes().filter((bytes) => bytes > 65_536)).toHaveLength(1);
    });

    it('are written at the exit if they still wait', async () => {
      const { logger, messages } = begin();
      logger.info('last');
      for (const listener of added()) listener.call(process, 0);
      expect(messages()).toEqual([['last']]);
      await nextTurn();
      expect(messages()).toEqual([['last']]);
    });
  });
});
