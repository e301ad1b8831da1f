import type { Logger } from 'pino';
import { type Database, type OpenVault, openStores, openVault, type Stores } from '../composition/stores.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from './command.ts';
import { withConfig } from './with-config.ts';

export interface OpenStores {
  readonly config: Config;
  readonly logger: Logger;
  readonly stores: Stores;
  readonly vault: OpenVault;
}

/** Runs a command on log and vault, after every check that the keys are those of this database. */
export function withStores(
  env: Environment,
  open: (config: Config, logger: Logger) => Promise<Database>,
  run: (opened: OpenStores) => Promise<number>,
): Promise<number> {
  return withConfig(env, async (config, logger) => {
    const stores = await openStores(config, logger, {}, open);
    try {
      const vault = await openVault(config, logger, stores);
      try {
        return await run({ config, logger, stores, vault });
      } finally {
        await vault.close();
      }
    } finally {
      await stores.close();
    }
  });
}
