import { MessageType } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { readTooSlowly } from '../../domain/errors.ts';
import { publicErrorOf } from '../../graphql/pipeline/errors.ts';
import type { Transport } from '../connections/connection.ts';
import type { Delivery } from '../connections/delivery.ts';
import { CLOSE_FRAMES } from './close-codes.ts';

/** Writes to a client of graphql-transport-ws. */
export function socketTransport(socket: WebSocket): Transport {
  return {
    answersPings: true,
    get unsentBytes() {
      return socket.bufferedAmount;
    },
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    messageOf: (id, payload) => `{"id":${JSON.stringify(id)},"type":"next","payload":${payload}}`,
    send: (text, sent) => socket.send(text, sent),
    ping: () => socket.ping(),
    close(reason, running) {
      // A close frame has no room for the cursors of several subscriptions.
      if (reason === 'too slow') for (const one of running) if (!one.answer) socket.send(endedFor(one));
      const { code, text } = CLOSE_FRAMES[reason];
      socket.close(code, text);
    },
    cut: () => socket.terminate(),
  };
}

/** Ends a subscription of a client that is too slow. */
function endedFor({ id, cursor }: Delivery): string {
  return JSON.stringify({ id, type: MessageType.Error, payload: [publicErrorOf(readTooSlowly(cursor)).toJSON()] });
}
