import { claimValue, type TokenClaims } from './claims.ts';

/** A condition on one claim. Exactly one of `equals` and `startsWith` is not null. */
export interface ClaimMatch {
  readonly claim: string;
  /** The claim is one of these texts, in full. */
  readonly equals: readonly string[] | null;
  /** The claim begins with this text, which ends at a separator. */
  readonly startsWith: string | null;
}

export type Matched = { readonly met: true; readonly value: string } | { readonly met: false; readonly reason: string };

/** Compares exactly: no wildcards, no case folding, no trimming. What is missing or cannot be compared is not met. */
export function matched({ claim, equals, startsWith }: ClaimMatch, claims: TokenClaims): Matched {
  const value = claimValue(claims, claim);
  if ('fault' in value) return { met: false, reason: `\`${claim}\` ${value.fault}.` };
  const { text } = value;
  const met = equals === null ? startsWith !== null && text.startsWith(startsWith) : equals.includes(text);
  if (met) return { met, value: text };
  const asked = equals === null ? `does not begin with \`${startsWith}\`` : `is not ${oneOf(equals)}`;
  return { met: false, reason: `\`${claim}\` is \`${shortened(text)}\`, which ${asked}.` };
}

const NAMED = 3;
const SHOWN = 100;

function oneOf(texts: readonly string[]): string {
  const named = texts.slice(0, NAMED).map((text) => `\`${shortened(text)}\``);
  return `${named.join(' or ')}${texts.length > NAMED ? ` or ${texts.length - NAMED} others` : ''}`;
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN).join('')}…` : text;
}

/** A number or another id has no parts: what begins like it is another thing. */
const ID = /(?:^|[_./-])u?id$|_ids?$|^jti$|sha$|number$/i;
/** Of workflows and configurations: a path with the ref behind it. */
const PATH_WITH_REF = /_ref$|_ref_uri$/;

/** Whether a beginning of this claim ends where a part of it ends: `team/` is a team, and `team` may be `team2`. */
export function endsAtSeparator(claim: string, beginning: string): boolean {
  return separatorsOf(claim).some((separator) => beginning.endsWith(separator));
}

function separatorsOf(claim: string): readonly string[] {
  if (claim === 'sub') return [':', '/'];
  if (ID.test(claim)) return [];
  return PATH_WITH_REF.test(claim) ? ['/', '@'] : ['/'];
}
