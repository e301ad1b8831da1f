import { useEffect, useState } from 'react';

const KEY = 'purser.notices-seen.';

export interface Seen {
  /** Whether this happened after the person looked last. */
  readonly isNew: (occurredAt: string) => boolean;
  readonly markSeen: () => void;
}

/**
 * Up to when the notices of a project were seen in this browser. While the page is open the mark stays where it was, so that what is new can
 * be told from the rest; the next visit begins after what was shown on this one. Nobody's first visit calls all that is old new.
 * @param newest when the newest notice happened; undefined until it is known
 */
export function useSeen(projectId: string, newest: string | undefined): Seen {
  const [before, setBefore] = useState(() => Date.parse(localStorage.getItem(KEY + projectId) ?? '') || Date.now());

  useEffect(() => {
    if (newest === undefined) return;
    const keep = () => {
      if (document.visibilityState === 'visible') localStorage.setItem(KEY + projectId, newest);
    };
    keep();
    document.addEventListener('visibilitychange', keep);
    return () => document.removeEventListener('visibilitychange', keep);
  }, [projectId, newest]);

  return {
    isNew: (occurredAt) => Date.parse(occurredAt) > before,
    markSeen: () => setBefore(newest === undefined ? Date.now() : Date.parse(newest)),
  };
}
