import type { AuditHeads } from '../ports/audit-heads.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { AnchorKind } from '../ports/metrics.ts';

/** How far an anchor is, as far as the database says so. */
export interface AnchorProgress {
  /** The number of the last head that the anchor has; 0 if that is not known. */
  readonly number: number;
  /** Somebody other than Purser changed the number: the anchor may lack heads. */
  readonly isForged: boolean;
  /** When the oldest head was signed that the anchor lacks; null if it has all. */
  readonly waitingSince: string | null;
}

export interface AnchorProgressDeps {
  readonly heads: Pick<AuditHeads, 'reached' | 'waitingSince'>;
  readonly authenticator: Pick<EventAuthenticator, 'isAuthenticText'>;
}

/** The number has a code: with a higher one, heads would never reach the anchor, and nobody would notice. */
export async function anchorProgress(
  anchor: AnchorKind,
  { heads, authenticator }: AnchorProgressDeps,
): Promise<AnchorProgress> {
  const { number, code } = await heads.reached(anchor);
  const isForged = number !== 0 && !authenticator.isAuthenticText(anchoredUpTo(anchor, number), code);
  const known = isForged ? 0 : number;
  return { number: known, isForged, waitingSince: await heads.waitingSince(known) };
}

/** What the code of the number covers. */
export function anchoredUpTo(anchor: AnchorKind, number: number) {
  return { purpose: 'anchored heads', text: JSON.stringify([anchor, number]) } as const;
}

/** An anchor that has lacked heads for so long is reported. They come once a minute. */
const LONG_MS = 10 * 60_000;

/** What is wrong with it, as words that follow the anchor's name; undefined if nothing is. `now` in milliseconds since 1970. */
export function anchorFault({ isForged, waitingSince }: AnchorProgress, now: number): string | undefined {
  if (isForged) return 'how far it is was changed by somebody other than Purser (log.anchored_heads)';
  if (waitingSince === null || now - Date.parse(waitingSince) <= LONG_MS) return undefined;
  return `it lacks all heads that were signed since ${waitingSince}`;
}
