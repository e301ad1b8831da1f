import type { SecretEffect, SettledState } from '../../domain/secret-effects.ts';
import { pagesOf } from './pages.ts';
import type { Statement } from './statement.ts';

/** What events do to the vault's rows, in their order: effects that later ones make void are left out. */
export interface Settlement {
  add(effect: SecretEffect): void;
  /** Whether a secret is destroyed, which must survive a crash of the machine. */
  readonly destroys: boolean;
  /** One statement, unless there are thousands of registries; none if there is nothing to do. */
  statements(): Statement[];
}

interface OfRegistry {
  /** By the id of the secret. */
  readonly advanced: Map<string, { readonly version: number; readonly state: SettledState }>;
  /** Versions by the ids of secrets. */
  readonly ended: Map<string, number>;
  /** The highest version to destroy; 0 for none. */
  upToVersion: number;
  kept: number | null;
}

export function createSettlement(): Settlement {
  const registries = new Map<string, OfRegistry>();
  const discarded: string[] = [];

  function ofRegistry(registryId: string): OfRegistry {
    const known = registries.get(registryId);
    if (known) return known;
    const added = { advanced: new Map(), ended: new Map(), upToVersion: 0, kept: null };
    registries.set(registryId, added);
    return added;
  }

  function add(effect: SecretEffect): void {
    if (effect.kind === 'discard') {
      discarded.push(effect.secretId);
      return;
    }
    const registry = ofRegistry(effect.registryId);
    const { advanced, ended } = registry;
    switch (effect.kind) {
      case 'destroy':
        if (effect.upToVersion < registry.upToVersion) return;
        registry.upToVersion = effect.upToVersion;
        registry.kept = effect.kept;
        for (const [secretId, { version }] of advanced) if (isDestroyed(registry, version)) advanced.delete(secretId);
        for (const [secretId, version] of ended) if (isDestroyed(registry, version)) ended.delete(secretId);
        return;
      case 'advance':
        if (!isDestroyed(registry, effect.version)) advanced.set(effect.secretId, effect);
        return;
      case 'end':
        advanced.delete(effect.secretId);
        if (!isDestroyed(registry, effect.version)) ended.set(effect.secretId, effect.version);
    }
  }

  return {
    add,
    get destroys() {
      return (
        discarded.length > 0 ||
        [...registries.values()].some(({ upToVersion, ended }) => upToVersion > 0 || ended.size > 0)
      );
    },
    statements: () => [
      ...[...pagesOf([...registries])].map((page) => statement(page, [])),
      ...[...pagesOf(discarded)].map((page) => statement([], page)),
    ],
  };
}

function isDestroyed({ upToVersion, kept }: OfRegistry, version: number): boolean {
  return version <= upToVersion && version !== kept;
}

function statement(registries: readonly (readonly [string, OfRegistry])[], discarded: readonly string[]): Statement {
  const advanced = registries.flatMap(([, ofRegistry]) => [...ofRegistry.advanced]);
  const destroying = registries.filter(([, { upToVersion }]) => upToVersion > 0);
  return {
    name: 'vault-settle',
    text: 'select vault.settle_all($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::uuid[], $7::uuid[])',
    values: [
      advanced.map(([secretId]) => secretId),
      advanced.map(([, { state }]) => state),
      destroying.map(([registryId]) => registryId),
      destroying.map(([, { upToVersion }]) => upToVersion),
      destroying.map(([, { kept }]) => kept),
      registries.flatMap(([, { ended }]) => [...ended.keys()]),
      discarded,
    ],
  };
}
