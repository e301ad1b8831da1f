import type { RemoteSpan } from '../application/ports/tracer.ts';

const TRACEPARENT =
  /^(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<rest>-.*)?$/;
const SAMPLED = 1;
/** The longest header that is looked at. Later versions of the format may append fields. */
const MAX_LENGTH = 128;

/**
 * The caller's span by `traceparent`, as W3C Trace Context defines it. Undefined if the header is missing, invalid or was
 * sent several times: the request then begins a new trace.
 */
export function remoteSpanOf(header: string | readonly string[] | undefined): RemoteSpan | undefined {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return undefined;
  const { version, traceId, spanId, flags, rest } = TRACEPARENT.exec(header)?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}
