import { EgressFailed, type EgressFault, type TlsFaultReason } from '../../application/ports/egress.ts';
import type { ProbeDetail, ProbeFacts, ProbeOutcome } from '../../domain/probe-outcome.ts';
import { unreachable } from '../../domain/unreachable.ts';

/** Ends a probe, or the part of it in which it occurs. */
export interface Fault {
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
  /** What the sentence about it names. */
  readonly facts?: ProbeFacts;
}

export class ProbeFault extends Error {
  override readonly name = 'ProbeFault';

  constructor(
    readonly outcome: ProbeOutcome,
    readonly detail: ProbeDetail | null = null,
    readonly facts: ProbeFacts = {},
  ) {
    super(`the probe ends: ${outcome}`);
  }
}

export function faultOf(error: unknown): Fault {
  if (error instanceof ProbeFault) return { outcome: error.outcome, detail: error.detail, facts: error.facts };
  if (error instanceof EgressFailed) return faultOfEgress(error.fault);
  return { outcome: 'UNEXPECTED_ANSWER', detail: null };
}

function faultOfEgress(fault: EgressFault): Fault {
  switch (fault.kind) {
    case 'TARGET_NOT_ALLOWED':
      return { outcome: 'TARGET_NOT_ALLOWED', detail: RULES[fault.rule] };
    case 'TLS_INVALID':
      return { outcome: 'TLS_INVALID', detail: tlsDetail(fault.reason) };
    // A caller must not tell too slow from unreachable, so both get the same advice.
    case 'UNREACHABLE':
    case 'TIMED_OUT':
      return { outcome: 'UNREACHABLE', detail: null };
    case 'PROXY_FAILED':
      return { outcome: 'UNREACHABLE', detail: `PROXY_${fault.reason}` };
    case 'TOO_LARGE':
    case 'MALFORMED_ANSWER':
    case 'INVALID_REQUEST':
      return { outcome: 'UNEXPECTED_ANSWER', detail: null };
    default:
      return unreachable(fault, 'fault of the way out');
  }
}

const RULES: Readonly<Record<Extract<EgressFault, { kind: 'TARGET_NOT_ALLOWED' }>['rule'], ProbeDetail | null>> = {
  URL: null,
  PLAIN_HTTP: 'PLAIN_HTTP',
  NAME: 'LOCAL_NAME',
  ADDRESS: 'PRIVATE_ADDRESS',
};

/** The reasons have the same names, except that a secret can be EXPIRED as well. */
function tlsDetail(reason: TlsFaultReason): ProbeDetail | null {
  if (reason === 'OTHER') return null;
  return reason === 'EXPIRED' ? 'CERTIFICATE_EXPIRED' : reason;
}
