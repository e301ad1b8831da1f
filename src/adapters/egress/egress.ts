import { connect } from 'node:net';
import type { Egress } from '../../application/ports/egress.ts';
import type { AllowList } from './allow-list.ts';
import { createNameLookup, type LookUpName } from './name-lookup.ts';
import type { EgressProxy, OpenSocket } from './proxy-tunnel.ts';
import { openSession } from './session.ts';
import { createTrustSource } from './trust.ts';

export interface EgressOptions {
  /** From EGRESS_ALLOW. */
  readonly allow: AllowList;
  /** Hosts, or hosts with their port, that may be reached over plain http. */
  readonly plainHttpHosts: ReadonlySet<string>;
  /** From EGRESS_PROXY. Default: none. */
  readonly proxy?: EgressProxy | undefined;
  /** Default: DNS, and the system's resolver for names in `allow`. */
  readonly lookUpName?: LookUpName;
  /** Default: TCP. */
  readonly openSocket?: OpenSocket;
}

/**
 * Every outgoing request of the service passes through here. It reads no environment variable: `HTTPS_PROXY` and TLS
 * settings there have no effect.
 */
export function createEgress({
  allow,
  plainHttpHosts,
  proxy,
  lookUpName = createNameLookup(),
  openSocket = (options) => connect({ ...options, autoSelectFamily: false }),
}: EgressOptions): Egress {
  const parts = { allow, plainHttpHosts, lookUpName, openSocket, proxy, trust: createTrustSource() };
  const open: Egress['open'] = (options) => openSession(parts, options);
  return {
    open,
    async request(request, options) {
      const session = open(options);
      try {
        return await session.request(request);
      } finally {
        await session.close();
      }
    },
  };
}
