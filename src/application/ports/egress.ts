/** Why TLS was not established. */
export type TlsFaultReason =
  /** Nobody whom Node's own list or the session's certificate authority names has signed the certificate. */
  | 'UNKNOWN_AUTHORITY'
  /** Its time has passed, or has not begun. */
  | 'EXPIRED'
  | 'WRONG_HOST'
  /** What listens there does not speak TLS: most often plain http. */
  | 'NOT_TLS'
  /** The session's own `caCertificate` cannot be read as PEM certificates. */
  | 'OWN_AUTHORITY_UNREADABLE'
  | 'OTHER';

/** Which rule forbids the target. None of them lets a byte out. */
export type TargetRule =
  /** Not an absolute http(s) URL as it would be written, or one with a user name in it. */
  | 'URL'
  /** Plain http to a host that PLAIN_HTTP_HOSTS does not name. */
  | 'PLAIN_HTTP'
  /** A name that is only ever local, such as localhost or db.internal. EGRESS_ALLOW opens it. */
  | 'NAME'
  /** An address that is not on the public internet, or a name with at least one such address. EGRESS_ALLOW opens it. */
  | 'ADDRESS';

export type EgressFault =
  | { readonly kind: 'TARGET_NOT_ALLOWED'; readonly rule: TargetRule }
  /** The name does not exist, or the port is closed, filtered or refused: they are not told apart. */
  | { readonly kind: 'UNREACHABLE' }
  | { readonly kind: 'TLS_INVALID'; readonly reason: TlsFaultReason }
  /** Connected, but the session's deadline came, or its caller gave up, before the answer was whole. */
  | { readonly kind: 'TIMED_OUT' }
  /** Body or headers past their limit, or what stands around them. */
  | { readonly kind: 'TOO_LARGE' }
  /** Not HTTP, cut short, or compressed although it was asked not to be. */
  | { readonly kind: 'MALFORMED_ANSWER' }
  /** What was to be sent cannot be: a line break in a header, for instance. Nothing was sent. */
  | { readonly kind: 'INVALID_REQUEST' };

/** There is no answer. The message holds no address, no header and nothing of a body: only the fault's own words. */
export class EgressFailed extends Error {
  override readonly name = 'EgressFailed';

  constructor(readonly fault: EgressFault) {
    super(`no answer: ${words(fault)}`);
  }
}

export interface EgressRequest {
  /** Absolute. `http:` only to hosts of PLAIN_HTTP_HOSTS. The host is in lower-case ASCII, an address in its usual notation. */
  readonly url: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `host`, the length and whatever governs the connection are the guard's own: such entries have no effect. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of the answer's body. Default and most: 65,536. */
  readonly maxBytes?: number;
  /** Gives this request up, not the session. */
  readonly signal?: AbortSignal;
}

/** Of any status. A redirect is an answer like others: it is never followed. */
export interface EgressResponse {
  readonly status: number;
  /** By lower-case name, with each value that was sent, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

export interface EgressSessionOptions {
  /** PEM, one or more certificates, trusted in addition to Node's own list. */
  readonly caCertificate?: string | null;
  /** For the whole session with all its look-ups and requests, from `open()` on. Default and most: 10,000. */
  readonly deadlineMs?: number;
  /** Ends the session early. */
  readonly signal?: AbortSignal;
}

/** The standard `fetch`, without redirects, cookies, caching, streaming and `file:` and `data:` URLs. */
export type EgressFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * What belongs together: one test of a registry with its token realm, one minting. Each host is looked up once in it, and
 * its connections are its own.
 */
export interface EgressSession {
  /** @throws EgressFailed */
  request(request: EgressRequest): Promise<EgressResponse>;
  /**
   * The same for libraries that want a `fetch`. Answers of 64 KiB at most, read whole before it resolves.
   * Rejects with EgressFailed, which libraries may wrap (`cause`) or retry: `fault` below tells.
   */
  readonly fetch: EgressFetch;
  /** The first fault that any request of this session met; undefined while there was none. */
  readonly fault: EgressFault | undefined;
  /** Ends what still runs and every connection. To be called in any case; may be called twice. */
  close(): Promise<void>;
}

/** The only way out of the service. */
export interface Egress {
  /** Opens nothing yet. */
  open(options?: EgressSessionOptions): EgressSession;
  /** A session for one request. @throws EgressFailed */
  request(request: EgressRequest, options?: EgressSessionOptions): Promise<EgressResponse>;
}

function words(fault: EgressFault): string {
  switch (fault.kind) {
    case 'TARGET_NOT_ALLOWED':
      return `${fault.kind} (${fault.rule})`;
    case 'TLS_INVALID':
      return `${fault.kind} (${fault.reason})`;
    default:
      return fault.kind;
  }
}
