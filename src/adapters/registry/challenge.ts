/** How a registry wants to be logged in to. Bearer: with a token that its realm hands out. */
export type Challenge =
  | { readonly scheme: 'BEARER'; readonly realm: string; readonly service: string | null }
  | { readonly scheme: 'BASIC' };

interface ParsedChallenge {
  /** Lower case, as the names of the parameters. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * The challenge to answer, of all that the `WWW-Authenticate` headers hold: Bearer rather than Basic, since a registry
 * that offers both tells rights only in its tokens. Undefined where none can be answered.
 */
export function chooseChallenge(headers: readonly string[]): Challenge | undefined {
  const challenges = headers.flatMap(parseChallenges);
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get('realm');
    if (scheme === 'bearer' && realm) return { scheme: 'BEARER', realm, service: parameters.get('service') ?? null };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'BASIC' } : undefined;
}

const SEPARATORS = /[\s,]*/y;
const NAME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
/** A scheme's one value without a name, as Negotiate has it. */
const TOKEN68 = /\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/**
 * The challenges of one header (RFC 9110, section 11.6.1), where commas stand between challenges as well as between
 * their parameters. What cannot be read ends the header there; what came before it counts.
 */
export function parseChallenges(header: string): ParsedChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(header);
    if (found !== null) position += found[0].length;
    return found;
  };

  for (;;) {
    take(SEPARATORS);
    const name = take(NAME)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    if (take(EQUALS) === null) {
      challenges.push({ scheme: name, parameters: new Map() });
      take(TOKEN68);
      continue;
    }
    const quoted = take(QUOTED);
    const value = quoted === null ? take(NAME)?.[0] : quoted[1]?.replace(/\\(.)/gs, '$1');
    const current = challenges.at(-1);
    if (value === undefined || current === undefined) return challenges;
    // A repeated parameter is not allowed: the first one stands.
    if (!current.parameters.has(name)) current.parameters.set(name, value);
  }
}
