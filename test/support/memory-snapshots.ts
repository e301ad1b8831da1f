import type { SnapshotStore, StoredSnapshot } from '../../src/application/ports/snapshot-store.ts';

/** Snapshots in memory, which several replicas may share. */
export interface MemorySnapshots extends SnapshotStore {
  /** In the order in which they were saved first. Tests may change them. */
  readonly all: Map<string, StoredSnapshot>;
}

export function createMemorySnapshots(): MemorySnapshots {
  const all = new Map<string, StoredSnapshot>();
  const keyOf = ({ stream, revision }: Pick<StoredSnapshot, 'stream' | 'revision'>) => `${revision} ${stream}`;
  return {
    all,
    async latest(stream, foldVersion, upTo) {
      return [...all.values()]
        .filter((each) => each.stream === stream && each.foldVersion === foldVersion && each.revision <= upTo)
        .sort((a, b) => b.revision - a.revision)[0];
    },
    async save(snapshot) {
      all.set(keyOf(snapshot), snapshot);
    },
    async remove(snapshot) {
      all.delete(keyOf(snapshot));
    },
  };
}
