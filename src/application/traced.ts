import { MintingFailed, type PasswordMinter } from './ports/password-minter.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';
import { RegistryTokenRefused, type RegistryTokenServer } from './ports/registry-token-server.ts';
import type { SpanAttributes, Tracer } from './ports/tracer.ts';

/** A span for each test of a registry, with the host and what was found. */
export function tracedProbe(probe: RegistryProbe, tracer: Tracer): RegistryProbe {
  return {
    ...probe,
    async probe(request) {
      const span = tracer.start({ name: 'test registry', kind: 'CLIENT', attributes: serverOf(request.url) });
      try {
        const report = await span.run(() => probe.probe(request));
        span.set({ 'purser.outcome': report.outcome });
        return report;
      } finally {
        span.end();
      }
    },
  };
}

/** A span for each token that a registry is to make, with its host. */
export function tracedTokenServer(server: RegistryTokenServer, tracer: Tracer): RegistryTokenServer {
  return {
    ...server,
    async makeToken(request) {
      const span = tracer.start({ name: 'make registry token', kind: 'CLIENT', attributes: serverOf(request.url) });
      let fault: string | undefined;
      try {
        return await span.run(() => server.makeToken(request));
      } catch (error) {
        fault = error instanceof RegistryTokenRefused ? error.fault.kind : '_OTHER';
        throw error;
      } finally {
        span.end(fault);
      }
    },
  };
}

/** A span for each request to a cloud, with the registry's host. */
export function tracedMinter(minter: PasswordMinter, tracer: Tracer): PasswordMinter {
  return {
    ...minter,
    async mint(request) {
      const attributes = { ...serverOf(request.url), 'purser.mint.kind': request.mint.kind };
      const span = tracer.start({ name: 'mint password', kind: 'CLIENT', attributes });
      let fault: string | undefined;
      try {
        return await span.run(() => minter.mint(request));
      } catch (error) {
        fault = error instanceof MintingFailed ? error.fault : '_OTHER';
        throw error;
      } finally {
        span.end(fault);
      }
    },
  };
}

/** A span for each batch of events that is applied to the read models. */
export function tracedBatches<Result>(
  observeBatch: (events: number, apply: () => Promise<Result>) => Promise<Result>,
  tracer: Tracer,
) {
  return async (events: number, apply: () => Promise<Result>): Promise<Result> => {
    const span = tracer.start({ name: 'project events', kind: 'INTERNAL', attributes: { 'purser.events': events } });
    let fault: string | undefined;
    try {
      return await span.run(() => observeBatch(events, apply));
    } catch (error) {
      fault = error instanceof Error ? error.name : '_OTHER';
      throw error;
    } finally {
      span.end(fault);
    }
  };
}

/** Of a canonical URL, `host[:port]`. */
function serverOf(url: string): SpanAttributes {
  const { host, port } = /^(?<host>.*?)(?::(?<port>\d+))?$/.exec(url)?.groups ?? {};
  return { 'server.address': host ?? url, ...(port !== undefined && { 'server.port': Number(port) }) };
}
