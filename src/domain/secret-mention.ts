import type { Secret } from './secret.ts';

/** Logs break long lines anywhere. */
const SPACE = /\s+/g;

/**
 * Whether a text holds the login's password: as it is, or as clients write it into headers, URLs and files. White space
 * does not count.
 */
export function mentionsPassword(
  text: string,
  { username, password }: { username: string; password: Secret },
): boolean {
  const secret = password.reveal();
  const bytes = Buffer.from(secret);
  const login = Buffer.from(`${username}:${secret}`);
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...[bytes, login].flatMap((raw) => [raw.toString('base64'), raw.toString('base64url')]),
  ];
  const searched = text.replace(SPACE, '');
  const inLowerCase = searched.toLowerCase();
  return forms
    .map((form) => form.replace(SPACE, '').replace(/=+$/, ''))
    .some((form) => form !== '' && (searched.includes(form) || inLowerCase.includes(form.toLowerCase())));
}
