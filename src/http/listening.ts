import type { FastifyInstance } from 'fastify';
import { errorCode } from '../domain/error-code.ts';

/** Why a server cannot listen at its address. */
export type ListenFault = 'port in use' | 'port not permitted' | 'no such host';

const FAULTS: Readonly<Record<string, ListenFault>> = {
  EADDRINUSE: 'port in use',
  EACCES: 'port not permitted',
  EADDRNOTAVAIL: 'no such host',
  ENOTFOUND: 'no such host',
};

/** The server cannot listen at the requested address; the cause is the operating system's error. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed';

  constructor(
    readonly fault: ListenFault,
    options?: ErrorOptions,
  ) {
    super(`cannot listen: ${fault}`, options);
  }
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** @throws ListenFailed if choosing another address can help */
export async function listenOn(app: FastifyInstance, { host, port }: ListenAddress): Promise<void> {
  await app.listen({ host, port }).catch((error: unknown) => {
    throw listenError(error);
  });
}

/** Where it listens, such as `http://127.0.0.1:4000`. @throws Error before it does */
export function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

function listenError(error: unknown): unknown {
  const code = errorCode(error) ?? '';
  const fault = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  return fault === undefined ? error : new ListenFailed(fault, { cause: error });
}
