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

/** Turns an error of `listen` into `ListenFailed` if choosing another address can solve it. */
export function listenError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const fault = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  return fault === undefined ? error : new ListenFailed(fault, { cause: error });
}
