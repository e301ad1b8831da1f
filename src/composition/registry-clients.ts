import { createRegistryProbe } from '../adapters/registry/registry-probe.ts';
import type { RegistryOptions } from '../adapters/registry/registry-target.ts';
import { createRegistryTokenServer } from '../adapters/registry/registry-token-server.ts';
import { meteredProbe } from '../application/metered-ports.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { Tracer } from '../application/ports/tracer.ts';
import { tracedProbe, tracedTokenServer } from '../application/traced.ts';

/** What asks registries: for tests of credentials, and for tokens. */
export function openRegistryClients(
  options: Omit<RegistryOptions, 'now'>,
  { metrics, tracer }: { readonly metrics: Metrics; readonly tracer: Tracer },
) {
  const registries = { ...options, now: Date.now };
  return {
    probe: tracedProbe(meteredProbe(createRegistryProbe(registries), metrics), tracer),
    tokenServer: tracedTokenServer(createRegistryTokenServer(registries), tracer),
  };
}
