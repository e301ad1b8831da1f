import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const waitingOf = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls the listener once: when the operating system has all of the answer, or when the connection is gone. Node tells an
 * answer that waits behind others on its connection nothing of the connection's end, so the socket is asked.
 */
export function onSent(answer: ServerResponse, socket: Socket, listener: () => void): void {
  if (socket.destroyed) {
    listener();
    return;
  }
  const waiting = waitingOf.get(socket) ?? listenTo(socket);
  waiting.add(listener);
  answer.once('finish', () => {
    if (waiting.delete(listener)) listener();
  });
}

function listenTo(socket: Socket): Set<() => void> {
  const waiting = new Set<() => void>();
  waitingOf.set(socket, waiting);
  socket.once('close', () => {
    for (const listener of waiting) listener();
    waiting.clear();
  });
  return waiting;
}
