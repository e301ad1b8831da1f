import { describe, expect, it, vi } from 'vitest';
import { createGroupCommit, type GroupCommitOptions } from '../../../src/adapters/postgres/group-commit.ts';

class ItemFault extends Error {}

/** Batches stay open until the test answers them. */
function openBatches(options: Partial<GroupCommitOptions<string, string>> = {}) {
  const batches: { readonly items: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const group = createGroupCommit<string, string>({
    commit: (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, answer: () => resolve(items.map((item) => `${item}!`)), fail: reject });
      }),
    maxWeight: 3,
    keysOf: (item) => [item.replace(/\d+$/, '')],
    isItemFault: (error) => error instanceof ItemFault,
    timeoutMs: 60_000,
    timeoutError: () => new Error('too late'),
    closedError: () => new Error('closed'),
    ...options,
  });
  const batch = async (number: number) => {
    await vi.waitFor(() => expect(batches.length).toBeGreaterThan(number));
    const found = batches[number];
    if (!found) throw new Error('no such batch');
    return found;
  };
  return { group, batch, batches };
}

describe('group commit', () => {
  it('sends items that arrive during a batch as the next one, at most one batch at a time', async () => {
    const { group, batch, batches } = openBatches();
    const first = group.submit('a');
    expect((await batch(0)).items).toEqual(['a']);
    const later = ['b', 'c', 'd', 'e'].map((item) => group.submit(item));
    await new Promise(setImmediate);
    expect(batches).toHaveLength(1);
    (await batch(0)).answer();
    expect(await first).toBe('a!');
    expect((await batch(1)).items).toEqual(['b', 'c', 'd']);
    (await batch(1)).answer();
    expect((await batch(2)).items).toEqual(['e']);
    (await batch(2)).answer();
    expect(await Promise.all(later)).toEqual(['b!', 'c!', 'd!', 'e!']);
  });

  it('keeps items with the same key apart and in order, and does not make others wait for them', async () => {
    const { group, batch } = openBatches();
    const outcomes = ['a1', 'a2', 'b1', 'a3'].map((item) => group.submit(item));
    const sent: string[][] = [];
    for (let number = 0; number < 3; number += 1) {
      const { items, answer } = await batch(number);
      sent.push([...items]);
      answer();
    }
    expect(sent).toEqual([['a1', 'b1'], ['a2'], ['a3']]);
    await Promise.all(outcomes);
  });

  it('fills a batch by weight, and sends an item that is too heavy alone', async () => {
    const { group, batch } = openBatches({ weightOf: (item) => item.length });
    const outcomes = ['xxxxxx', 'aa', 'b'].map((item) => group.submit(item));
    expect((await batch(0)).items).toEqual(['xxxxxx']);
    (await batch(0)).answer();
    expect((await batch(1)).items).toEqual(['aa', 'b']);
    (await batch(1)).answer();
    await Promise.all(outcomes);
  });

  it('tries each item alone if one of them is at fault, so that only that one fails', async () => {
    const { group, batch } = openBatches();
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((item) => group.submit(item)));
    (await batch(0)).fail(new ItemFault());
    (await batch(1)).answer();
    (await batch(2)).fail(new ItemFault());
    (await batch(3)).answer();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails the whole batch if no item is at fault, and goes on with the next', async () => {
    const { group, batch, batches } = openBatches();
    const outcomes = Promise.allSettled(['a', 'b'].map((item) => group.submit(item)));
    (await batch(0)).fail(new Error('away'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = group.submit('c');
    (await batch(1)).answer();
    expect(await next).toBe('c!');
    expect(batches).toHaveLength(2);
  });

  it('answers every item in time, and never sends one that timed out in the queue', async () => {
    const { group, batch, batches } = openBatches({ timeoutMs: 200 });
    const submitted = [group.submit('a'), group.submit('a')];
    await Promise.all(submitted.map((outcome) => expect(outcome).rejects.toThrow('too late')));
    (await batch(0)).answer();
    await group.close();
    expect(batches).toHaveLength(1);
  });

  it('finishes submitted items before it closes, and refuses the rest', async () => {
    const { group, batch } = openBatches();
    const outcomes = ['a1', 'a2'].map((item) => group.submit(item));
    const closed = group.close();
    await expect(group.submit('b')).rejects.toThrow('closed');
    (await batch(0)).answer();
    (await batch(1)).answer();
    expect(await Promise.all(outcomes)).toEqual(['a1!', 'a2!']);
    await closed;
  });
});
