import { known, type RawSearch, text } from '../../app/search-params.ts';

/** Where a new rule starts: from a preset, or from claims of a real token, which are no secret. */
export interface AddTrustRuleSearch {
  readonly preset?: string;
  readonly issuer?: string;
  /** Each `claim=value`. */
  readonly claim?: readonly string[];
}

const MOST_CLAIMS = 20;

export function addTrustRuleSearch(raw: RawSearch): AddTrustRuleSearch {
  const given: readonly unknown[] = Array.isArray(raw.claim) ? raw.claim : [raw.claim];
  const claim = given
    .map((one) => text(one))
    .filter((one) => one !== undefined && claimPair(one) !== undefined)
    .filter((one) => one !== undefined)
    .slice(0, MOST_CLAIMS);
  return known({
    preset: text(raw.preset, 100),
    issuer: text(raw.issuer, 255),
    claim: claim.length === 0 ? undefined : claim,
  });
}

/** Names of claims have no `=` in any known system; values may have. */
export function claimPair(pair: string): readonly [claim: string, value: string] | undefined {
  const at = pair.indexOf('=');
  return at < 1 || at === pair.length - 1 ? undefined : [pair.slice(0, at), pair.slice(at + 1)];
}
