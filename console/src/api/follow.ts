import { createClient, NetworkError } from 'graphql-sse';
import { errorOf, hasCode, isRecord, SignedOutError } from './errors.ts';
import type { TokenSource } from './token-source.ts';

/** `offline`: it tries in vain. `stopped`: it has given up, as the next try would be refused too. */
export type LiveState = 'live' | 'reconnecting' | 'offline' | 'stopped';

export interface Position {
  cursor: string | undefined;
}

export interface Followed<Result> {
  readonly query: string;
  readonly variables: object;
  /** How far it has come; kept by the caller, so that it can go on later. Without a cursor `latest` says where to begin, else now. */
  readonly position: Position;
  /** Reads the cursor of now, as the lists' `latestCursor`. */
  readonly latest?: () => Promise<string>;
  /** The cursor of an event: the document asks for it. */
  readonly cursorOf: (event: Result) => string;
  readonly onEvent: (event: Result) => void;
  /** Events may have been missed, because the cursor could not be resumed: read again what is shown. */
  readonly onGap: () => void;
  readonly onState: (state: LiveState) => void;
}

export interface FollowDeps {
  readonly tokens: TokenSource;
  readonly endpoint: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Calls when the network has come back, until it is told to stop. */
  readonly onNetwork?: (listener: () => void) => () => void;
  readonly random?: () => number;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** From then on a person should know. */
const FAILURES_UNTIL_OFFLINE = 4;
/** The service sends a comment every 12 seconds, so a connection that is silent for longer is dead. */
const LONGEST_SILENCE_MS = 30_000;

/** Codes after which the same request would get the same answer. */
const FINAL_CODES = ['FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED'];

/**
 * Follows a subscription until `signal` ends it: after every break it goes on after the last event, so that none is missed and none
 * comes twice. Never throws.
 */
export async function follow<Result>(deps: FollowDeps, followed: Followed<Result>, signal: AbortSignal): Promise<void> {
  const { tokens, endpoint, random = Math.random } = deps;
  const { position } = followed;
  let failures = 0;
  let isFirst = true;

  while (!signal.aborted) {
    let token: string | undefined;
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener('abort', end);
    const silence = watchSilence(end);
    try {
      const current = tokens.current();
      token = current;
      position.cursor ??= await followed.latest?.();
      if (signal.aborted) return;
      const client = createClient({
        url: endpoint,
        headers: { authorization: `Bearer ${current}` },
        credentials: 'omit',
        retryAttempts: 0,
        fetchFn: (url: string, init: RequestInit) => deps.fetch(url, init).then(silence.watch),
        on: {
          connected: () => {
            failures = 0;
            tokens.accepted(current);
            followed.onState('live');
            // Nothing says what happened since the connection before.
            if (!isFirst && position.cursor === undefined) followed.onGap();
            isFirst = false;
          },
        },
      });
      const request = {
        query: followed.query,
        variables: { ...followed.variables, after: position.cursor },
      };
      const events = client.iterate<Record<string, unknown>>(request);
      connection.signal.addEventListener('abort', () => client.dispose());
      for await (const answer of events) {
        const error = errorOf(answer, undefined);
        if (error !== undefined) throw error;
        if (!isRecord(answer.data)) continue;
        // The service checked the document against the schema that the type was made from.
        const event = answer.data as Result;
        position.cursor = followed.cursorOf(event);
        followed.onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SignedOutError || hasCode(error, ...FINAL_CODES)) {
        followed.onState('stopped');
        return;
      }
      if (hasCode(error, 'CURSOR_NOT_RESUMABLE')) {
        position.cursor = undefined;
        followed.onGap();
      }
      if (token !== undefined && isRefusedToken(error) && !(await renewed(tokens, token))) {
        followed.onState('stopped');
        return;
      }
      failures += 1;
      await pause(delayAfter(failures, error, random), signal, deps.onNetwork);
    } finally {
      silence.stop();
      signal.removeEventListener('abort', end);
      connection.abort();
    }
    if (signal.aborted) return;
    followed.onState(failures >= FAILURES_UNTIL_OFFLINE ? 'offline' : 'reconnecting');
  }
}

function isRefusedToken(error: unknown): boolean {
  return hasCode(error, 'UNAUTHENTICATED') || (error instanceof NetworkError && error.response?.status === 401);
}

async function renewed(tokens: TokenSource, refused: string): Promise<boolean> {
  try {
    await tokens.renew(refused);
    return true;
  } catch (error) {
    // The provider may only be away: the next try finds out.
    return !(error instanceof SignedOutError);
  }
}

/** Milliseconds: twice as long each time, half of it by chance, so that not everybody comes back at once. */
export function delayAfter(failures: number, error: unknown, random: () => number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
  const asked = hasCode(error, 'RATE_LIMITED') ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.max(asked, longest / 2 + (longest / 2) * random());
}

function pause(ms: number, signal: AbortSignal, onNetwork: FollowDeps['onNetwork']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      stopListening?.();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    // No use in waiting when the network has just come back.
    const stopListening = onNetwork?.(done);
  });
}

interface SilenceWatch {
  readonly watch: (response: Response) => Response;
  readonly stop: () => void;
}

/** Ends a connection on which nothing comes, not even the comments that graphql-sse swallows. */
function watchSilence(end: () => void): SilenceWatch {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(end, LONGEST_SILENCE_MS);
  };
  return {
    watch: (response) => {
      if (!response.ok || response.body === null) return response;
      heard();
      const watched = response.body.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, controller) {
            heard();
            controller.enqueue(chunk);
          },
        }),
      );
      return new Response(watched, { status: response.status, headers: response.headers });
    },
    stop: () => clearTimeout(timer),
  };
}
