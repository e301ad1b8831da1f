import { parseAllowList } from '../adapters/egress/allow-list.ts';
import type { EgressOptions } from '../adapters/egress/egress.ts';
import { parseEgressProxy } from '../adapters/egress/proxy-tunnel.ts';
import type { Config } from '../config/config.ts';

/** What the configuration says of everything that goes out. */
export function egressOptionsOf({ egressAllow, plainHttpHosts, egressProxy }: Config): EgressOptions {
  return {
    allow: parseAllowList(egressAllow),
    plainHttpHosts,
    proxy: egressProxy && parseEgressProxy(egressProxy),
  };
}
