import { known, oneOf, type RawSearch, wholeNumber } from '../../app/search-params.ts';

export type RotateSearch = ReturnType<typeof rotateSearch>;

/** What the address of a rotation holds. Where it stands beyond that, the registry knows. */
export function rotateSearch(raw: RawSearch) {
  return known({
    /** `enter`: the new credential is being entered; `now`: the same, to replace the current one at once. */
    step: oneOf(raw.step, ['enter', 'now']),
    /** The staged version that the reader goes on with, proved or not. */
    proved: wholeNumber(raw.proved, { from: 1, to: 1_000_000 }),
    /** The version that was activated here. */
    activated: wholeNumber(raw.activated, { from: 1, to: 1_000_000 }),
  });
}
