/** How a registry asks for a login. Bearer: with a token from its realm. */
export type Challenge =
  | { readonly scheme: 'BEARER'; readonly realm: string; readonly service: string | null }
  | { readonly scheme: 'BASIC' };

interface ParsedChallenge {
  /** In lower case, like the names of the parameters. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * The challenges in the `WWW-Authenticate` headers that Purser can answer. Bearer comes before Basic, because a registry
 * that offers both shows rights only in its tokens.
 */
export function answerableChallenges(headers: readonly string[]): readonly Challenge[] {
  const challenges = headers.flatMap(parseChallenges);
  const bearers = challenges.flatMap(({ scheme, parameters }): Challenge[] => {
    const realm = parameters.get('realm');
    return scheme === 'bearer' && realm
      ? [{ scheme: 'BEARER', realm, service: parameters.get('service') ?? null }]
      : [];
  });
  return challenges.some(({ scheme }) => scheme === 'basic') ? [...bearers, { scheme: 'BASIC' }] : bearers;
}

const SEPARATORS = /[\s,]*/y;
const NAME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
/** A scheme's only value, without a name, as in Negotiate. */
const TOKEN68 = /\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/**
 * Parses the challenges of one header (RFC 9110, section 11.6.1). Commas separate challenges as well as their parameters.
 * Parsing stops at the first unreadable part; the challenges before it count.
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
    // The standard forbids repeated parameters: keep the first one.
    if (!current.parameters.has(name)) current.parameters.set(name, value);
  }
}
