import type { EgressResponse, EgressSession } from '../../application/ports/egress.ts';

export interface WatchedClock {
  readonly session: EgressSession;
  /** By how much this service's clock is ahead of the cloud's, by the last answer; undefined if none told the time. */
  aheadSeconds(): number | undefined;
}

/** Compares the `Date` of each answer with the time here. @param now milliseconds since 1970 */
export function watchClock(session: EgressSession, now: () => number): WatchedClock {
  let ahead: number | undefined;
  const note = (date: string | null | undefined): void => {
    const theirs = Date.parse(date ?? '');
    if (!Number.isNaN(theirs)) ahead = Math.round((now() - theirs) / 1000);
  };
  return {
    session: {
      async request(request): Promise<EgressResponse> {
        const response = await session.request(request);
        note(response.headers.get('date')?.[0]);
        return response;
      },
      async fetch(input, init) {
        const response = await session.fetch(input, init);
        note(response.headers.get('date'));
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
