/** Why TLS was not established. */
export type TlsFaultReason =
  /** No authority in Node's own list or in the session's `caCertificate` has signed the certificate. */
  | 'UNKNOWN_AUTHORITY'
  /** The certificate has expired or is not valid yet. */
  | 'EXPIRED'
  | 'WRONG_HOST'
  /** The name stands in the subject's CN alone, or nowhere. */
  | 'NO_SUBJECT_ALT_NAME'
  /** An authority in the chain may not sign for this name. */
  | 'NAME_NOT_PERMITTED'
  /** A certificate in the chain is not for servers. */
  | 'WRONG_USE'
  /** A certificate in the chain is signed by one that is not an authority's, or by one too many. */
  | 'NOT_AN_AUTHORITY'
  /** SHA-1, MD5, or another algorithm that container clients do not accept. */
  | 'WEAK_SIGNATURE'
  /** Too short, too long, or of a kind that container clients do not know. */
  | 'UNSUITABLE_KEY'
  | 'CLIENT_CERTIFICATE_DEMANDED'
  /** The server offers no version from TLS 1.2 on. */
  | 'OLD_VERSION'
  /** The server offers none of the cipher suites that container clients use. */
  | 'NO_COMMON_CIPHER'
  /** The server does not speak TLS; most often it speaks plain http. */
  | 'NOT_TLS'
  /** The session's own `caCertificate` cannot be read as PEM certificates. */
  | 'OWN_AUTHORITY_UNREADABLE'
  | 'OTHER';

/** The rule that forbids the target. No byte goes out. */
export type TargetRule =
  /** Not an absolute http(s) URL in its normal form, or one with a user name in it. */
  | 'URL'
  /** Plain http to a host that PLAIN_HTTP_HOSTS does not name. */
  | 'PLAIN_HTTP'
  /** A name that is always local, such as localhost or db.internal. EGRESS_ALLOW opens it. */
  | 'NAME'
  /** An address that is not on the public internet, or a name with at least one such address. EGRESS_ALLOW opens it. */
  | 'ADDRESS';

export type EgressFault =
  | { readonly kind: 'TARGET_NOT_ALLOWED'; readonly rule: TargetRule }
  /** The name does not exist, or the port is closed, filtered or refused. Callers cannot tell which. */
  | { readonly kind: 'UNREACHABLE' }
  /** The operator's proxy (EGRESS_PROXY) cannot be reached or is none, or it refuses the login or the target. */
  | { readonly kind: 'PROXY_FAILED'; readonly reason: 'UNREACHABLE' | 'REFUSED' }
  | { readonly kind: 'TLS_INVALID'; readonly reason: TlsFaultReason }
  /** Connected, but the session's deadline came, or its caller gave up, before the answer was complete. */
  | { readonly kind: 'TIMED_OUT' }
  /** The body, the headers or the protocol's framing exceed their limit. */
  | { readonly kind: 'TOO_LARGE' }
  /** Not HTTP, cut short, or compressed although the request did not allow it. */
  | { readonly kind: 'MALFORMED_ANSWER' }
  /** The request cannot be sent, for instance because a header has a line break. Nothing was sent. */
  | { readonly kind: 'INVALID_REQUEST' };

/** There is no answer. The message names only the fault: no address, no header and no part of a body. */
export class EgressFailed extends Error {
  override readonly name = 'EgressFailed';

  constructor(readonly fault: EgressFault) {
    super(`no answer: ${words(fault)}`);
  }
}

export interface EgressRequest {
  /** Absolute. `http:` only to hosts of PLAIN_HTTP_HOSTS. Host in lower-case ASCII, address in its usual notation. */
  readonly url: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The guard sets `host`, the length and all headers for the connection: such entries have no effect. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The limit for the answer's body. Default and maximum: 65,536. */
  readonly maxBytes?: number;
  /** For callers that need only the status: the answer is complete with its headers, and its body is not read. */
  readonly ignoreBody?: boolean;
  /** Aborts this request, not the session. */
  readonly signal?: AbortSignal;
}

/** An answer with any status. A redirect is an answer like others and is never followed. */
export interface EgressResponse {
  readonly status: number;
  /** All values that were sent, in order, by lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

export interface EgressSessionOptions {
  /** PEM, one or more certificates, trusted in addition to Node's own list. */
  readonly caCertificate?: string | null;
  /** Covers the whole session with all its look-ups and requests, from `open()` on. Default: 10,000. Maximum: 20,000. */
  readonly deadlineMs?: number;
  /** Ends the session early. */
  readonly signal?: AbortSignal;
}

/**
 * Requests that belong together: one test of a registry with its token realm, or one minting. A session looks up each
 * host once and shares no connections.
 */
export interface EgressSession {
  /** @throws EgressFailed */
  request(request: EgressRequest): Promise<EgressResponse>;
  /** The first fault of any request in this session, for callers of SDKs that hide it; undefined until there is one. */
  readonly fault: EgressFault | undefined;
  /** Ends running requests and all connections. Always call it; a second call is harmless. */
  close(): Promise<void>;
}

/** The only way out of the service. */
export interface Egress {
  /** Makes no connection yet. */
  open(options?: EgressSessionOptions): EgressSession;
  /** A session for one request. @throws EgressFailed */
  request(request: EgressRequest, options?: EgressSessionOptions): Promise<EgressResponse>;
}

function words(fault: EgressFault): string {
  switch (fault.kind) {
    case 'TARGET_NOT_ALLOWED':
      return `${fault.kind} (${fault.rule})`;
    case 'TLS_INVALID':
    case 'PROXY_FAILED':
      return `${fault.kind} (${fault.reason})`;
    default:
      return fault.kind;
  }
}
