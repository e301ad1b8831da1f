import type { EgressResponse, EgressSession } from '../../application/ports/egress.ts';

export interface WatchedClock {
  readonly session: EgressSession;
  /** By how much this service's clock is ahead of the cloud's, by the last answer; undefined if none told the time. */
  aheadSeconds(): number | undefined;
}

/** Compares the `Date` of each answer with the time here. @param now milliseconds since 1970 */
export function watchClock(session: EgressSession, now: () => number): WatchedClock {
  let ahead: number | undefined;
  return {
    session: {
      async request(request): Promise<EgressResponse> {
        const response = await session.request(request);
        const theirs = Date.parse(response.headers.get('date')?.[0] ?? '');
        if (!Number.isNaN(theirs)) ahead = Math.round((now() - theirs) / 1000);
        return response;
      },
      get fault() {
        return session.fault;
      },
      close: () => session.close(),
    },
    aheadSeconds: () => ahead,
  };
}
