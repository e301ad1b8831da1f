import { Socket } from 'node:net';

/**
 * For connections that send ahead. pg writes every statement by itself, which is a system call and wakes the server's
 * process each time; this socket sends all that is written in one turn of the event loop in one go. In profiles of 32
 * callers all writing, HTTP included, went from a fifth of the service's time to an eighth.
 */
export class OneWriteATurn extends Socket {
  #held = false;

  /** pg corks its socket around every statement: the first time in a turn, one more cork stays on until the turn's end. */
  override cork(): void {
    super.cork();
    if (this.#held) return;
    this.#held = true;
    super.cork();
    setImmediate(() => {
      this.#held = false;
      this.uncork();
    });
  }
}
