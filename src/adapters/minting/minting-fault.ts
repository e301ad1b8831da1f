import { EgressFailed, type EgressFault } from '../../application/ports/egress.ts';
import { MintingFailed, type MintingFault } from '../../application/ports/password-minter.ts';
import { unreachable } from '../../domain/unreachable.ts';

/** The fault that an answer's status indicates. */
export function faultOfStatus(status: number): MintingFault {
  if (status === 401) return 'CREDENTIAL_REFUSED';
  if (status === 403) return 'NOT_PERMITTED';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'THROTTLED';
  if (status === 408 || status >= 500) return 'UNREACHABLE';
  return 'UNEXPECTED_ANSWER';
}

/**
 * The only error that leaves this folder. All other errors stay here, because SDKs put requests, and so credentials, into
 * their errors, and clouds put names into their texts. `met` is the fault of the egress session, which SDKs hide behind
 * their own errors.
 */
export function mintingFailed(
  error: unknown,
  met: EgressFault | undefined,
  clockAheadSeconds: number | undefined,
): MintingFailed {
  if (error instanceof MintingFailed) {
    return error.fault === 'CLOCK_SKEWED'
      ? new MintingFailed(error.fault, clockAheadSeconds)
      : new MintingFailed(error.fault);
  }
  const fault = error instanceof EgressFailed ? error.fault : met;
  return new MintingFailed(fault === undefined ? 'UNEXPECTED_ANSWER' : faultOfEgress(fault));
}

function faultOfEgress(fault: EgressFault): MintingFault {
  switch (fault.kind) {
    case 'TARGET_NOT_ALLOWED':
      return 'TARGET_NOT_ALLOWED';
    case 'UNREACHABLE':
    case 'TLS_INVALID':
    case 'TIMED_OUT':
      return 'UNREACHABLE';
    case 'PROXY_FAILED':
      return `PROXY_${fault.reason}`;
    case 'TOO_LARGE':
    case 'MALFORMED_ANSWER':
      return 'UNEXPECTED_ANSWER';
    case 'INVALID_REQUEST':
      return 'CREDENTIAL_REFUSED';
    default:
      return unreachable(fault, 'fault of the way out');
  }
}
