import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { Egress } from '../../../src/application/ports/egress.ts';
import { createCertificates } from '../certificates.ts';
import { type Handler, type StubHost, startStubHost } from './stub-host.ts';

/** Hosts of the public internet, on loopback: the service's own egress reaches them by their names, over TLS. */
export interface Internet {
  readonly egress: Egress;
  /** PEM of the authority that signs for all of them. */
  readonly caCertificate: string;
  /** Names that connections were begun to, in order. */
  readonly dialled: readonly string[];
  /** Answers for this host from now on, in place of the handler before. */
  serve(host: string, handler: Handler): Promise<StubHost>;
  /** Ends all hosts; new ones may follow. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function createInternet(names: readonly string[]): Promise<Internet> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-internet-'));
  const { caCertificate, certificateFile, keyFile } = await createCertificates(folder, names);
  const certificate: SecureContextOptions = { cert: await readFile(certificateFile), key: await readFile(keyFile) };
  await rm(folder, { recursive: true, force: true });

  const hosts = new Map<string, StubHost>();
  const dialled: string[] = [];
  // An address for each name, since a connection knows no name.
  const addressOf = (name: string) => `127.77.0.${names.indexOf(name) + 1}`;
  const nameOf = (address: string) => names[Number(address.split('.').at(-1)) - 1] ?? '';

  const egress = createEgress({
    allow: parseAllowList(['127.77.0.0/24']),
    plainHttpHosts: new Set(),
    lookUpName: async (name) => (names.includes(name) ? [addressOf(name)] : []),
    openSocket: ({ host, signal }) => {
      dialled.push(nameOf(host));
      // Port 1 is closed: nobody serves that host.
      const port = hosts.get(nameOf(host))?.port ?? 1;
      return connect({ host, port, signal, autoSelectFamily: false });
    },
  });

  async function reset() {
    dialled.length = 0;
    await Promise.all([...hosts.values()].map((host) => host.close()));
    hosts.clear();
  }

  return {
    egress,
    caCertificate,
    dialled,
    async serve(host, handler) {
      if (!names.includes(host)) throw new Error(`${host} has no certificate`);
      await hosts.get(host)?.close();
      const stub = await startStubHost(addressOf(host), certificate, handler);
      hosts.set(host, stub);
      return stub;
    },
    reset,
    close: reset,
  };
}
