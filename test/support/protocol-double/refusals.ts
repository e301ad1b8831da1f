import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';

/** Errors as the server sends them: a status, and trailers that say which. */
function refusal(code: status, details: string, exception: string, trailers: Record<string, string> = {}) {
  const metadata = new Metadata();
  metadata.set('exception', exception);
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { name: exception, message: details, code, details, metadata } satisfies ServerErrorResponse;
}

export const NOT_READY: ServerErrorResponse = {
  name: 'not-ready',
  message: 'Server Is Not Ready',
  code: status.UNAVAILABLE,
  details: 'Server Is Not Ready',
};

export const DROPPED: ServerErrorResponse = {
  name: 'dropped',
  message: 'Operation was dropped by the server',
  code: status.CANCELLED,
  details: 'Operation was dropped by the server',
};

export const NOT_AUTHENTICATED: ServerErrorResponse = {
  name: 'unauthenticated',
  message: 'Bad HTTP authentication',
  code: status.UNAUTHENTICATED,
  details: 'Bad HTTP authentication',
};

export function accessDenied(): ServerErrorResponse {
  return refusal(status.PERMISSION_DENIED, 'Access Denied', 'access-denied');
}

export function notLeader(leader: { readonly host: string; readonly port: number }): ServerErrorResponse {
  return refusal(status.NOT_FOUND, `Leader info available`, 'not-leader', {
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  });
}

export function streamDeleted(stream: string): ServerErrorResponse {
  return refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  });
}

export function wrongExpectedVersion(
  stream: string,
  expected: number,
  actual: number | 'no-stream',
): ServerErrorResponse {
  return refusal(
    status.FAILED_PRECONDITION,
    `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    'wrong-expected-version',
    {
      'stream-name': stream,
      'expected-version': String(expected),
      ...(actual === 'no-stream' ? {} : { 'actual-version': String(actual) }),
    },
  );
}

export function badRequest(details: string): ServerErrorResponse {
  return { name: 'invalid-argument', message: details, code: status.INVALID_ARGUMENT, details };
}
