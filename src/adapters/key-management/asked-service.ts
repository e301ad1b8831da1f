import { EgressFailed } from '../../application/ports/egress.ts';
import { KeyServiceFailed } from './key-service.ts';

/** Why a service was not asked, or did not answer. */
export function failedRequest(error: unknown): unknown {
  if (!(error instanceof EgressFailed)) return error;
  const { fault } = error;
  switch (fault.kind) {
    case 'TARGET_NOT_ALLOWED':
      return new KeyServiceFailed(
        'refused',
        fault.rule === 'PLAIN_HTTP'
          ? 'is at an address with http://: name its host in PLAIN_HTTP_HOSTS, or use https'
          : 'is at a private address: name its host in EGRESS_ALLOW',
        undefined,
        { cause: error },
      );
    case 'TLS_INVALID':
      return new KeyServiceFailed(
        'refused',
        `is behind a certificate that is not accepted (${fault.reason})`,
        undefined,
        {
          cause: error,
        },
      );
    default:
      return new KeyServiceFailed('outage', `cannot be reached (${fault.kind})`, undefined, { cause: error });
  }
}

interface Answer {
  readonly data?: { readonly batch_results?: unknown };
  readonly errors?: unknown;
  readonly auth?: { readonly client_token?: unknown; readonly lease_duration?: unknown };
}

/** Undefined if it is not a JSON object. */
export function decodedJson(body: Buffer): Answer | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
