import { describe, expect, it } from 'vitest';
import { createDataLoader } from '../../../src/adapters/postgres/data-loader.ts';

function recordedReads(maxKeys = 100) {
  const reads: string[][] = [];
  const read = createDataLoader<string, string>({
    maxKeys,
    read: async (keys) => {
      reads.push([...keys]);
      if (keys.includes('broken')) throw new Error('no answer');
      return keys.map((key) => `${key}!`);
    },
  });
  return { reads, read };
}

describe('a data loader', () => {
  it('answers all requests of one turn of the event loop with one read, each with its own result', async () => {
    const { reads, read } = recordedReads();
    const later = new Promise((resolve) => setTimeout(resolve, 5)).then(() => read('c'));
    expect(await Promise.all([read('a'), read('b'), read('a')])).toEqual(['a!', 'b!', 'a!']);
    expect(await later).toBe('c!');
    expect(reads).toEqual([['a', 'b', 'a'], ['c']]);
  });

  it('asks for at most the allowed number of keys at a time', async () => {
    const { reads, read } = recordedReads(2);
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(read))).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
    expect(reads).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('passes a failed read to every request of its batch, and to no later one', async () => {
    const { read } = recordedReads();
    const together = await Promise.allSettled([read('a'), read('broken')]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await read('a')).toBe('a!');
  });

  it('refuses a read with a wrong number of results', async () => {
    const read = createDataLoader<string, string>({ maxKeys: 10, read: async () => ['only one'] });
    const answers = await Promise.allSettled([read('a'), read('b')]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
