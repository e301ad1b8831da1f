import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { rateLimited, readTooSlowly } from '../../domain/errors.ts';
import { type PublicError, protocolError, publicErrorOf } from '../../graphql/pipeline/errors.ts';
import type { CloseReason, Transport } from '../connections/connection.ts';
import { errorBody, shuttingDown } from '../graphql-answer.ts';
import { onSent } from '../on-sent.ts';

/** Keeps proxies from closing a stream that is quiet. Clients ignore it. */
const COMMENT = ':\n\n';

/** An event stream, with its ends: GraphQL over SSE, one operation each. */
export interface StreamTransport extends Transport {
  /** Ends the stream: the operation is over, with an error if there is one. */
  complete(error?: PublicError): void;
  /** Calls the listener once: when all of the stream was sent, or its connection is gone, which may be so already. */
  onEnded(listener: () => void): void;
}

/** Begins the answer. */
export function streamTransport(response: ServerResponse, socket: Socket): StreamTransport {
  const unsent = new Set<() => void>();

  /** `cursor`: the client's `Last-Event-ID` from here on. */
  function complete(error?: PublicError, cursor?: string): void {
    const last = error === undefined ? '' : eventOf(errorBody(error), cursor);
    response.end(`${last}event: complete\ndata:\n\n`);
  }

  response.flushHeaders();
  response.write(COMMENT);
  return {
    answersPings: false,
    get unsentBytes() {
      return response.writableLength;
    },
    get isOpen() {
      return !response.writableEnded && !socket.destroyed;
    },
    messageOf: (_id, payload, cursor) => eventOf(payload, cursor),
    send(text, sent) {
      const once = () => {
        if (unsent.delete(once)) sent();
      };
      unsent.add(once);
      response.write(text, once);
    },
    ping: () => response.write(COMMENT),
    close(reason, [running]) {
      complete(LAST_WORDS[reason](running?.cursor), running?.cursor);
    },
    complete: (error) => complete(error),
    onEnded(listener) {
      onSent(response, socket, () => {
        // Node calls back for no text that waits behind another answer on a connection that ends.
        for (const sent of unsent) sent();
        listener();
      });
    },
    cut: () => socket.destroy(),
  };
}

/** JSON has no line breaks. A cursor is letters, digits, `-` and `_`. */
function eventOf(payload: string, cursor: string | undefined): string {
  const id = cursor === undefined ? '' : `id: ${cursor}\n`;
  return `event: next\n${id}data: ${payload}\n\n`;
}

const refusedToken = () => protocolError('UNAUTHENTICATED');

/** There is no close code: an error says why. */
const LAST_WORDS: { readonly [Reason in CloseReason]: (cursor: string | undefined) => PublicError } = {
  'token expired': refusedToken,
  'token revoked': refusedToken,
  'key removed': refusedToken,
  'too many connections': () =>
    publicErrorOf(rateLimited('This caller, or all together, have too many connections. Connect again later.', 1)),
  'too slow': (cursor) => publicErrorOf(readTooSlowly(cursor)),
  'going away': shuttingDown,
};
