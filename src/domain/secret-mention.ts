import type { Secret } from './secret.ts';

/** Logs break long lines anywhere, and forms write a space as `+`. */
const SPACE = /[\s+]+/g;
const ONLY_SPACE = /^[\s+]*$/;
const WHITE_SPACE = /\s+/g;
/** Fewer characters in common than this tell nothing of a secret that is longer. */
const TELLING = 12;

const PERCENT_ESCAPES = /(?:%[0-9a-f]{2})+/gi;
const CHARACTER_ESCAPES = /\\(?:u(?<code>[0-9a-f]{4})|x(?<byte>[0-9a-f]{2}))/gi;

/**
 * Whether a text holds the login's password or 12 characters of it: as it is, or as clients write it into headers, URLs
 * and files. White space and case do not count.
 */
export function mentionsPassword(
  text: string,
  { username, password }: { username: string; password: Secret },
): boolean {
  const secret = password.reveal();
  // In capitals: unlike small letters, they do not depend on the letters around them.
  const comparable = (written: string) =>
    written.replace(ONLY_SPACE.test(secret) ? WHITE_SPACE : SPACE, '').toUpperCase();
  const texts = readingsOf(text).map(comparable);
  const forms = formsOf(username, secret).map(comparable);
  const said = new Set(texts.flatMap((each) => runsOf(each, TELLING)));
  return forms.some((form) => {
    if (form.length < TELLING) return form !== '' && texts.some((each) => each.includes(form));
    return runsOf(form, TELLING).some((run) => said.has(run));
  });
}

function formsOf(username: string, secret: string): string[] {
  const bytes = Buffer.from(secret);
  const login = Buffer.from(`${username}:${secret}`);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...[bytes, login].flatMap((raw) => {
      // It has no padding, which a fragment may lack.
      const forUrls = raw.toString('base64url');
      return [forUrls.replaceAll('-', '+').replaceAll('_', '/'), forUrls];
    }),
  ];
}

/** The text as it is, and without its escapes: of URLs, of JSON and other source text, and of one within the other. */
function readingsOf(text: string): string[] {
  const [plain, unquoted] = [withoutPercentEscapes(text), withoutCharacterEscapes(text)];
  return [text, plain, unquoted, withoutCharacterEscapes(plain), withoutPercentEscapes(unquoted)];
}

function withoutPercentEscapes(text: string): string {
  return text.replace(PERCENT_ESCAPES, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString());
}

function withoutCharacterEscapes(text: string): string {
  return text.replace(CHARACTER_ESCAPES, (_escape, code: string | undefined, byte: string | undefined) =>
    String.fromCharCode(Number.parseInt(code ?? byte ?? '', 16)),
  );
}

function runsOf(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, start) => text.slice(start, start + length));
}
