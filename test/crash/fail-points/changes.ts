import { join } from 'node:path';
import type { Fault } from '../../support/mutant.ts';

const PORTS = JSON.stringify(join(import.meta.dirname, 'ports.ts'));

/** Puts a wrapper of ports.ts around the port that a factory of this file gives. */
function wrapping(file: string, factory: string, wrapper: string): Fault {
  return {
    file,
    find: `export function ${factory}(`,
    replace: `import { ${wrapper} } from ${PORTS};
      export const ${factory} = (...args) => ${wrapper}(real_${factory}(...args));
      function real_${factory}(`,
  };
}

/** What a service with fail points has otherwise than the one that is built. */
export const CHANGES: readonly Fault[] = [
  wrapping('adapters/postgres/log/event-log.ts', 'createPostgresEventLog', 'logAtFailPoints'),
  wrapping('adapters/kurrentdb/event-log.ts', 'createKurrentEventLog', 'logAtFailPoints'),
  wrapping('adapters/vault/vault.ts', 'createVault', 'vaultAtFailPoints'),
  wrapping('adapters/vault/minted-password-vault.ts', 'createMintedPasswordVault', 'mintedAtFailPoints'),
  wrapping('adapters/minting/password-minter.ts', 'createPasswordMinter', 'createMinterAtFailPoints'),
  // So that no round waits for housekeeping.
  {
    file: 'composition/periodic-work.ts',
    find: 'const HOUSEKEEPING_MS = 30_000;',
    replace: 'const HOUSEKEEPING_MS = 300;',
  },
  {
    file: 'application/credential/discard-orphaned-secrets.ts',
    find: 'ORPHANED_AFTER_MS = 10 * 60_000;',
    replace: 'ORPHANED_AFTER_MS = 3_000;',
  },
  {
    file: 'application/credential/discard-orphaned-secrets.ts',
    find: 'OVERTAKEN_AFTER_MS = 5_000;',
    replace: 'OVERTAKEN_AFTER_MS = 500;',
  },
];
