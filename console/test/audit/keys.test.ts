import { describe, expect, it } from 'vitest';
import { isChosenAtFirst, keepPinned, offeredKeys, readPinned } from '../../src/views/audit-verify/keys.ts';

const service = [
  { keyId: 'old', publicKey: 'b2xk', createdAt: '2026-01-01T00:00:00.000Z', retiredAt: '2026-02-01T00:00:00.000Z' },
  { keyId: 'new', publicKey: 'bmV3', createdAt: '2026-02-01T00:00:00.000Z', retiredAt: null },
];
const pinned = [{ keyId: 'old', publicKey: 'b2xk', pinnedAt: '2026-01-02T00:00:00.000Z' }];

describe('the keys that may sign', () => {
  it('are those of the service as long as the reader has none', () => {
    const keys = offeredKeys(service, [], []);
    expect(keys.map(({ keyId, origin, isNew, isRetired }) => [keyId, origin, isNew, isRetired])).toEqual([
      ['old', 'service', false, true],
      ['new', 'service', false, false],
    ]);
    expect(keys.every((key) => isChosenAtFirst(key, keys))).toBe(true);
  });

  it('are only the own ones otherwise, and a key that came since is marked', () => {
    const keys = offeredKeys(service, pinned, [{ keyId: 'own', publicKey: 'b3du' }]);
    expect(keys.map(({ keyId, origin, isNew }) => [keyId, origin, isNew])).toEqual([
      ['old', 'pinned', false],
      ['own', 'pasted', false],
      ['new', 'service', true],
    ]);
    expect(keys.filter((key) => isChosenAtFirst(key, keys)).map(({ keyId }) => keyId)).toEqual(['old', 'own']);
  });

  it('are kept by the browser, which may hold anything', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    };
    expect(readPinned(storage)).toEqual([]);
    keepPinned(storage, pinned);
    expect(readPinned(storage)).toEqual(pinned);
    for (const other of ['', '{', 'null', '{"a":1}', '[1,null,{"keyId":"x"}]']) {
      kept.set([...kept.keys()][0] ?? '', other);
      expect(readPinned(storage)).toEqual([]);
    }
  });
});
