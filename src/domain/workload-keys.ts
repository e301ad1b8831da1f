const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long a key is published before it signs: time to upload it where a provider does not fetch keys by itself. */
export const PUBLISHED_BEFORE_MS = 7 * DAY_MS;
/** How long a key signs. */
export const SIGNS_FOR_MS = 90 * DAY_MS;
/** How long a key stays published after the next one signs. It outlasts the tokens, and clocks that differ. */
export const PUBLISHED_AFTER_MS = HOUR_MS;

/** A key that signs what Purser says of itself to clouds. Times in milliseconds since 1970. */
export interface WorkloadKeyTimes {
  readonly id: number;
  readonly signsFrom: number;
}

/** The newest key whose time has come. If a clock is behind, the oldest one. Undefined without any. */
export function signingKey<Key extends WorkloadKeyTimes>(keys: readonly Key[], now: number): Key | undefined {
  const byAge = inOrder(keys);
  return byAge.findLast(({ signsFrom }) => signsFrom <= now) ?? byAge[0];
}

/** Those by which a provider may verify tokens: the signing one, those to come, and those from just before. */
export function publishedKeys<Key extends WorkloadKeyTimes>(keys: readonly Key[], now: number): Key[] {
  const byAge = inOrder(keys);
  return byAge.filter((_, index) => {
    const next = byAge[index + 1];
    return next === undefined || now < next.signsFrom + PUBLISHED_AFTER_MS;
  });
}

/** The key that is published already and does not sign yet. */
export function comingKey<Key extends WorkloadKeyTimes>(keys: readonly Key[], now: number): Key | undefined {
  const signing = signingKey(keys, now);
  return inOrder(keys).find(({ id, signsFrom }) => signing !== undefined && id > signing.id && signsFrom > now);
}

/** The key after the present ones: it signs at once if it is the first. */
export function nextKey(keys: readonly WorkloadKeyTimes[], now: number): WorkloadKeyTimes {
  const newest = inOrder(keys).at(-1);
  return newest === undefined
    ? { id: 1, signsFrom: now }
    : { id: newest.id + 1, signsFrom: Math.max(now, newest.signsFrom) + PUBLISHED_BEFORE_MS };
}

/** The key to make now: the first one, or the next one before the newest has signed for its time. */
export function dueKey(keys: readonly WorkloadKeyTimes[], now: number): WorkloadKeyTimes | undefined {
  const newest = inOrder(keys).at(-1);
  const isDue = newest === undefined || now >= newest.signsFrom + SIGNS_FOR_MS - PUBLISHED_BEFORE_MS;
  return isDue ? nextKey(keys, now) : undefined;
}

function inOrder<Key extends WorkloadKeyTimes>(keys: readonly Key[]): Key[] {
  return keys.toSorted((a, b) => a.id - b.id);
}
