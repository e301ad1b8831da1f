/** Where a regular expression may begin: after an operator, a bracket, a comma or `return`. */
const LITERAL =
  /(?<=(?:[=(:,[!&|?{};]|=>|return)\s*)\/(?![/*])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)/g;

/** The regular expressions that stand in a source text as literals. */
export function regularExpressionsIn(source: string): RegExp[] {
  const code = source.replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, '');
  return [...code.matchAll(LITERAL)].map(([, pattern = '', flags = '']) => new RegExp(pattern, flags));
}

const ENDINGS = ['', '!', '\n', '\0'];
/** What most classes have at least one member of. */
const COMMON = ['a', 'A', '0', ' ', '-', '.', '_', ':', '/', '=', '"', '\\', ',', '\n', 'é', '😀'];

/**
 * Texts that make a careless expression backtrack: its own beginning, then one or two characters again and again, then
 * something that does not fit.
 */
export function* attacksOn({ source }: RegExp, length: number): Generator<string> {
  const literals = source.replace(/\\[pP]\{[^}]*\}|\\u\{?[0-9a-f]{4,5}\}?|\\[a-zA-Z]|[\^$()[\]{}*+?|<>]/g, ' ');
  const own = [...new Set([...literals.replaceAll('\\', '')].filter((character) => character.trim() !== ''))].slice(
    0,
    12,
  );
  const prefix = /^\^?((?:[\w -]|\\[-./[\]{}$])+)/.exec(source)?.[1]?.replaceAll('\\', '') ?? '';
  const characters = [...new Set([...own, ...COMMON])];
  const repeated = [
    ...characters,
    ...own.flatMap((one) => own.slice(0, 4).map((other) => one + other)),
    'a.',
    'a-',
    '0.',
    ' a',
    'a:',
  ];
  for (const unit of repeated) {
    const middle = unit.repeat(Math.ceil(length / unit.length));
    for (const ending of ENDINGS) yield `${prefix}${middle}${ending}`;
  }
}

/** How long the slowest of these texts takes, in milliseconds. */
export function slowest(expression: RegExp, length: number): { readonly ms: number; readonly text: string } {
  let worst = { ms: 0, text: '' };
  for (const text of attacksOn(expression, length)) {
    const ms = timeOf(expression, text);
    // A pause of the machine is not repeated.
    const sure = ms > worst.ms && ms > 5 ? Math.min(ms, timeOf(expression, text), timeOf(expression, text)) : ms;
    if (sure > worst.ms) worst = { ms: sure, text };
  }
  return worst;
}

function timeOf(expression: RegExp, text: string): number {
  expression.lastIndex = 0;
  const at = performance.now();
  text.replace(expression, '');
  return performance.now() - at;
}
