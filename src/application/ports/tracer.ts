/** Short texts and numbers from the service itself or of bounded length: no secret, no variable, no document. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** A span of another service, as `traceparent` of W3C Trace Context names it. */
export interface RemoteSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

export interface SpanStart {
  /** From a short fixed list. */
  readonly name: string;
  /** SERVER: a request from outside. CLIENT: a request that goes out. INTERNAL: everything else. */
  readonly kind: 'SERVER' | 'CLIENT' | 'INTERNAL';
  readonly attributes?: SpanAttributes;
  /** Default: the span that is active where this one starts, or else none. */
  readonly parent?: RemoteSpan | undefined;
  /** `performance.now()` at the beginning. Default: now. */
  readonly startedAt?: number;
}

export interface Span {
  /** Undefined if nothing is traced. */
  readonly context: RemoteSpan | undefined;
  /** Calls `work` with this span as the active one. */
  run<Result>(work: () => Result): Result;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** `fault`: what kind of error it ended with. */
  end(fault?: string): void;
}

/** Records what took how long, for the operator's own tracing system. */
export interface Tracer {
  /** The active span; undefined if there is none, or it has ended. */
  current(): RemoteSpan | undefined;
  start(start: SpanStart): Span;
}

const UNTRACED: Span = {
  context: undefined,
  run: (work) => work(),
  rename: () => undefined,
  set: () => undefined,
  end: () => undefined,
};

/** Traces nothing and costs nothing. */
export const NO_TRACER: Tracer = { current: () => undefined, start: () => UNTRACED };
