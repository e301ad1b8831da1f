import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { RemoteSpan, Span, SpanStart, Tracer } from '../../application/ports/tracer.ts';

interface Active {
  readonly span: RemoteSpan;
  readonly context: Context;
  hasEnded: boolean;
}

const KINDS = { SERVER: SpanKind.SERVER, CLIENT: SpanKind.CLIENT, INTERNAL: SpanKind.INTERNAL };

/** The active span follows the calls in a storage of its own, so that nothing global is set. */
export function createTracer(tracer: OtelTracer): Tracer {
  const active = new AsyncLocalStorage<Active>();

  /** Work that a request began may go on after its end, such as a feed: it is no part of the request. */
  function current(): Active | undefined {
    const found = active.getStore();
    return found?.hasEnded ? undefined : found;
  }

  return {
    current: () => current()?.span,
    start({ name, kind, attributes = {}, parent, startedAt }: SpanStart): Span {
      const within = parent === undefined ? current()?.context : remoteContext(parent);
      const span = tracer.startSpan(
        name,
        {
          kind: KINDS[kind],
          attributes: { ...attributes },
          ...(startedAt !== undefined && { startTime: performance.timeOrigin + startedAt }),
        },
        within ?? ROOT_CONTEXT,
      );
      const started = { span: remoteSpan(span), context: trace.setSpan(ROOT_CONTEXT, span), hasEnded: false };
      return {
        context: started.span,
        run: (work) => active.run(started, work),
        rename: (to) => span.updateName(to),
        set: (more) => span.setAttributes({ ...more }),
        end(fault) {
          started.hasEnded = true;
          if (fault !== undefined) {
            span.setAttribute('error.type', fault);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
  };
}

function remoteContext({ traceId, spanId, sampled }: RemoteSpan): Context {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function remoteSpan(span: OtelSpan): RemoteSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}
