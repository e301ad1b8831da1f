import type { SecretEffect } from '../../domain/secret-effects.ts';
import { pagesOf } from './pages.ts';
import type { Statement } from './statement.ts';

/** What events do to the vault's rows, in their order: of a registry, only the last effect counts. */
export interface Settlement {
  add(effect: SecretEffect): void;
  /** Whether a secret is destroyed, which must survive a crash of the machine. */
  readonly destroys: boolean;
  /** One statement, unless there are thousands of registries; none if there is nothing to do. */
  statements(): Statement[];
}

interface OfRegistry {
  /** The secret that becomes current. */
  readonly secretId: string | null;
  /** The highest version to destroy; 0 for none. */
  readonly destroyed: number;
}

export function createSettlement(): Settlement {
  const registries = new Map<string, OfRegistry>();
  const discarded: string[] = [];

  function add(effect: SecretEffect): void {
    switch (effect.kind) {
      case 'settle':
        registries.set(effect.registryId, { secretId: effect.secretId, destroyed: effect.version - 1 });
        return;
      case 'destroy':
        registries.set(effect.registryId, { secretId: null, destroyed: effect.version });
        return;
      case 'discard':
        discarded.push(effect.secretId);
        return;
      case 'none':
        return;
    }
  }

  return {
    add,
    get destroys() {
      return discarded.length > 0 || [...registries.values()].some(({ destroyed }) => destroyed > 0);
    },
    statements: () => [
      ...[...pagesOf([...registries])].map((page) => statement(page, [])),
      ...[...pagesOf(discarded)].map((page) => statement([], page)),
    ],
  };
}

function statement(registries: readonly (readonly [string, OfRegistry])[], discarded: readonly string[]): Statement {
  const destroying = registries.filter(([, { destroyed }]) => destroyed > 0);
  return {
    name: 'vault-settle',
    text: 'select vault.settle_all($1::uuid[], $2::uuid[], $3::int[], $4::uuid[])',
    values: [
      registries.flatMap(([, { secretId }]) => secretId ?? []),
      destroying.map(([registryId]) => registryId),
      destroying.map(([, { destroyed }]) => destroyed),
      discarded,
    ],
  };
}
