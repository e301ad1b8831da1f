import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface PolicyReport {
  readonly 'document-uri': string;
  readonly 'effective-directive': string;
  readonly 'blocked-uri': string;
}

/** A collector of what browsers report of a content security policy, as somebody who runs the service may have one. */
export interface PolicyReports {
  /** For `CONSOLE_REPORT_URL`. */
  readonly url: string;
  readonly received: readonly PolicyReport[];
  close(): Promise<void>;
}

export async function collectPolicyReports(): Promise<PolicyReports> {
  const received: PolicyReport[] = [];
  const server = createServer((request, response) => {
    json(request)
      .then((body) => received.push((body as { 'csp-report': PolicyReport })['csp-report']))
      .then(() => response.writeHead(204).end())
      .catch((error: unknown) => response.writeHead(400).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/csp`,
    received,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
