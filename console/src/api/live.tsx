import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { type FollowDeps, type Followed, follow, type Position } from './follow.ts';
import type { TypedDocumentString } from './generated/graphql.ts';
import type { LiveStatus, LiveStatusStore } from './live-status.ts';
import type { TokenSource } from './token-source.ts';

export interface LiveDeps {
  readonly tokens: TokenSource;
  readonly status: LiveStatusStore;
}

/** Another object makes all that follows begin anew. */
export const LiveContext = createContext<LiveDeps | undefined>(undefined);

export interface LiveOptions<Result> extends Pick<Followed<Result>, 'latest' | 'cursorOf' | 'onEvent' | 'onGap'> {
  /** Where to begin, as a list's `latestCursor`. Without it `latest` says; without that, from now on. */
  readonly after?: string | undefined;
  /** False: it waits, as for the list whose `latestCursor` is `after`. */
  readonly enabled?: boolean;
}

const BROWSER: Omit<FollowDeps, 'tokens'> = {
  endpoint: '/graphql',
  fetch: (url, init) => fetch(url, { ...init, redirect: 'error', cache: 'no-store' }),
  onNetwork: (listener) => {
    addEventListener('online', listener);
    return () => removeEventListener('online', listener);
  },
};

/** How long a hidden page keeps its connection, in milliseconds: a browser has only six for all its tabs. */
const HIDDEN_MS = 3_000;

/**
 * Follows a subscription while the component is there and the page is visible; a page that is shown again gets what it has missed.
 * A change of the variables begins anew; the functions may change at any time.
 */
export function useLive<Result, Variables extends object>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { enabled = true, after, ...functions }: LiveOptions<Result>,
): void {
  const deps = useLiveDeps();
  const latest = useRef({ ...functions, variables, after });
  latest.current = { ...functions, variables, after };
  const key = JSON.stringify(variables);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the variables count by their content, and all else is read when it is needed
  useEffect(() => {
    if (!enabled) return;
    const position: Position = { cursor: latest.current.after };
    let isShownAgain = false;
    return whileVisible(() => {
      const end = new AbortController();
      const { tokens, status } = deps;
      const tell = status.add();
      tell('reconnecting');
      const { variables: asked } = latest.current;
      const begin = latest.current.latest;
      const followed: Followed<Result> = {
        query: document.toString(),
        variables: asked,
        position,
        ...(begin ? { latest: begin } : {}),
        cursorOf: (event) => latest.current.cursorOf(event),
        onEvent: (event) => latest.current.onEvent(event),
        onGap: () => latest.current.onGap(),
        onState: (state) => {
          if (!end.signal.aborted) tell(state);
        },
      };
      void follow({ tokens, ...BROWSER }, followed, end.signal);
      if (isShownAgain && position.cursor === undefined) latest.current.onGap();
      isShownAgain = true;
      return () => {
        end.abort();
        tell(undefined);
      };
    });
  }, [document, key, enabled, deps]);
}

export function useLiveStatus(): LiveStatus {
  const { status } = useLiveDeps();
  return useSyncExternalStore(status.subscribe, status.get);
}

function useLiveDeps(): LiveDeps {
  const deps = useContext(LiveContext);
  if (deps === undefined) throw new Error('there is no LiveContext around this');
  return deps;
}

/** Starts when the page is visible, and ends when it has been hidden for a while. @returns how to end it for good */
function whileVisible(start: () => () => void): () => void {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    stop?.();
    stop = undefined;
  };
  const settle = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(end, HIDDEN_MS);
    else stop ??= start();
  };
  document.addEventListener('visibilitychange', settle);
  settle();
  return () => {
    document.removeEventListener('visibilitychange', settle);
    clearTimeout(timer);
    end();
  };
}
