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

/** A rebuild has one of these for each registry: lists of none to three secrets take a fifth of the memory of maps. */
interface OfRegistry {
  advanced: readonly Settled[];
  ended: readonly Omit<Settled, 'state'>[];
  /** The highest version to destroy; 0 for none. */
  upToVersion: number;
  kept: number | null;
}

interface Settled {
  readonly secretId: string;
  readonly version: number;
  readonly state: SettledState;
}

const NONE: readonly never[] = [];

export function createSettlement(): Settlement {
  const registries = new Map<string, OfRegistry>();
  const discarded: string[] = [];

  function ofRegistry(registryId: string): OfRegistry {
    const known = registries.get(registryId);
    if (known) return known;
    const added: OfRegistry = { advanced: NONE, ended: NONE, upToVersion: 0, kept: null };
    registries.set(registryId, added);
    return added;
  }

  function add(effect: SecretEffect): void {
    if (effect.kind === 'discard') {
      discarded.push(effect.secretId);
      return;
    }
    const registry = ofRegistry(effect.registryId);
    switch (effect.kind) {
      case 'destroy':
        if (effect.upToVersion < registry.upToVersion) return;
        registry.upToVersion = effect.upToVersion;
        registry.kept = effect.kept;
        registry.advanced = left(registry, registry.advanced);
        registry.ended = left(registry, registry.ended);
        return;
      case 'advance':
        if (!isDestroyed(registry, effect.version)) {
          const { secretId, version, state } = effect;
          registry.advanced = [...without(registry.advanced, secretId), { secretId, version, state }];
        }
        return;
      case 'end':
        registry.advanced = without(registry.advanced, effect.secretId);
        if (!isDestroyed(registry, effect.version)) {
          const { secretId, version } = effect;
          registry.ended = [...without(registry.ended, secretId), { secretId, version }];
        }
    }
  }

  return {
    add,
    get destroys() {
      return (
        discarded.length > 0 ||
        [...registries.values()].some(({ upToVersion, ended }) => upToVersion > 0 || ended.length > 0)
      );
    },
    statements: () => [
      ...[...pagesOf(registries)].map((page) => statement(page, [])),
      ...[...pagesOf(discarded)].map((page) => statement([], page)),
    ],
  };
}

function isDestroyed({ upToVersion, kept }: OfRegistry, version: number): boolean {
  return version <= upToVersion && version !== kept;
}

function left<Each extends { readonly version: number }>(registry: OfRegistry, all: readonly Each[]): readonly Each[] {
  return all.every(({ version }) => !isDestroyed(registry, version))
    ? all
    : all.filter(({ version }) => !isDestroyed(registry, version));
}

function without<Each extends { readonly secretId: string }>(all: readonly Each[], secretId: string): readonly Each[] {
  return all.length === 0 ? NONE : all.filter((each) => each.secretId !== secretId);
}

function statement(registries: readonly (readonly [string, OfRegistry])[], discarded: readonly string[]): Statement {
  const advanced = registries.flatMap(([, ofRegistry]) => ofRegistry.advanced);
  const destroying = registries.filter(([, { upToVersion }]) => upToVersion > 0);
  return {
    name: 'vault-settle',
    text: 'select vault.settle_all($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::uuid[], $7::uuid[])',
    values: [
      advanced.map(({ secretId }) => secretId),
      advanced.map(({ state }) => state),
      destroying.map(([registryId]) => registryId),
      destroying.map(([, { upToVersion }]) => upToVersion),
      destroying.map(([, { kept }]) => kept),
      registries.flatMap(([, { ended }]) => ended.map(({ secretId }) => secretId)),
      discarded,
    ],
  };
}
