import { type KeyObject, X509Certificate } from 'node:crypto';
import { badUserInput, type PurserError } from './errors.ts';
import { type Instant, parseInstant } from './instant.ts';
import { MAX_RSA_BITS, verifiesQuickly } from './rsa-keys.ts';

/** Variation selector 16, the only invisible character that ordinary text needs: it turns a symbol into an emoji. */
const EMOJI_SELECTOR = '\\ufe0f';
/**
 * Characters that are invisible or make text look like other text: controls, bidirectional overrides, zero-width
 * characters, fillers, and line separators.
 */
const HIDDEN = new RegExp(`(?!${EMOJI_SELECTOR})[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]`, 'u');
/** The same for prose, which may hold line breaks, tabs, and the joiners of some scripts and emoji. */
const HIDDEN_IN_PROSE = new RegExp(
  `(?![\\n\\r\\t\\u200c\\u200d${EMOJI_SELECTOR}])[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]`,
  'u',
);
const LONE_SURROGATE = /\p{Cs}/u;
/** How much white space around a text is accepted, in code points. */
const OUTER_SPACE = 100;

/** False if the text holds a lone surrogate, which neither UTF-8 nor the database can keep. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

export function hasHiddenCharacters(text: string): boolean {
  return HIDDEN.test(text);
}

export interface TextRules {
  /** In code points. */
  readonly max: number;
  /** Line breaks and tabs are allowed. Default: false. */
  readonly multiline?: boolean;
  /** An empty text is allowed. Default: false. */
  readonly optional?: boolean;
}

/**
 * The text without its outer white space. Refuses text that a person cannot fully see.
 * @throws PurserError BAD_USER_INPUT on `field`; the message never repeats the value
 */
export function checkText(
  field: string,
  value: string,
  { max, multiline = false, optional = false }: TextRules,
): string {
  // Refuse long text before reading it. A code point has at most two code units.
  if (value.length > 2 * max + 2 * OUTER_SPACE) throw tooLong(field, max);
  if (!isWellFormed(value))
    throw badUserInput(field, `\`${field}\` contains a broken Unicode character. Type it again.`);
  const text = value.trim();
  if (text === '' && !optional) throw badUserInput(field, `\`${field}\` must not be empty.`);
  if ([...text].length > max) throw tooLong(field, max);
  if ((multiline ? HIDDEN_IN_PROSE : HIDDEN).test(text)) {
    throw badUserInput(
      field,
      `\`${field}\` contains an invisible character, such as a control character or a change of writing direction. Type it again by hand.`,
    );
  }
  return text;
}

function tooLong(field: string, max: number): Error {
  return badUserInput(field, `\`${field}\` must have at most ${max} characters.`);
}

/** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3 with its erratum 1690. */
const EMAIL_MAX = 254;
const LOCAL_PART_MAX = 64;
const EMAIL = /^(?<local>[^\s@"(),:;<>[\\\]]+)@(?:[^\s@"(),:;<>[\\\].]+\.)*[^\s@"(),:;<>[\\\].]+$/u;

/**
 * An address as people write it, without its outer white space. Nothing checks that it exists.
 * @throws PurserError BAD_USER_INPUT on `field`
 */
export function checkEmail(field: string, value: string): string {
  const email = checkText(field, value, { max: EMAIL_MAX });
  const { local } = EMAIL.exec(email)?.groups ?? {};
  if (local === undefined || local.length > LOCAL_PART_MAX) {
    throw badUserInput(field, `\`${field}\` must be an e-mail address, such as ops@example.com.`);
  }
  return email;
}

/**
 * A point in time with its zone, in UTC with milliseconds.
 * @throws PurserError BAD_USER_INPUT on `field`
 */
export function checkInstant(field: string, value: string): Instant {
  const instant = parseInstant(value);
  if (instant === undefined) throw notAnInstant(field);
  return instant;
}

export function notAnInstant(field: string): PurserError {
  return badUserInput(
    field,
    `\`${field}\` must be a date and time with a time zone as RFC 3339 writes it, such as 2030-01-31T09:00:00Z.`,
  );
}

export const MAX_CERTIFICATES_BYTES = 16 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /PRIVATE KEY/;
const ANY_BORDER = /-----(?:BEGIN|END) /;

/**
 * The certificates of a PEM file, written again without the text that tools add around them.
 * @throws PurserError BAD_USER_INPUT on `field`; the message never repeats the value
 */
export function checkPemCertificates(field: string, pem: string): string {
  if (Buffer.byteLength(pem) > MAX_CERTIFICATES_BYTES) {
    throw badUserInput(
      field,
      `\`${field}\` must be at most ${MAX_CERTIFICATES_BYTES / 1024} KiB. Give only the certificates that this registry needs.`,
    );
  }
  if (PRIVATE_KEY.test(pem)) {
    throw badUserInput(
      field,
      `\`${field}\` contains a private key. Give the certificate authority's certificates only, and treat that key as disclosed.`,
    );
  }
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0 || ANY_BORDER.test(pem.replace(CERTIFICATE, ''))) {
    throw badUserInput(
      field,
      `\`${field}\` must be PEM with certificates only: blocks from \`-----BEGIN CERTIFICATE-----\` to \`-----END CERTIFICATE-----\`.`,
    );
  }
  return blocks.map((block, index) => rewritten(field, block, index)).join('');
}

/** The SHA-256 fingerprints of certificates that were checked, as `openssl x509 -fingerprint` prints them. */
export function certificateFingerprints(pem: string): string {
  return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block).fingerprint256).join(', ');
}

function rewritten(field: string, block: string, index: number): string {
  const { pem, publicKey } = parsed(field, block, index);
  if (verifiesQuickly(publicKey)) return pem;
  throw badUserInput(
    field,
    `Certificate ${index + 1} in \`${field}\` has an RSA key that takes long to check: at most ${MAX_RSA_BITS} bits are accepted, with a usual exponent.`,
  );
}

function parsed(field: string, block: string, index: number): { pem: string; publicKey: KeyObject } {
  try {
    const certificate = new X509Certificate(block);
    return { pem: certificate.toString(), publicKey: certificate.publicKey };
  } catch {
    // The parser's own error does not help a person.
    throw badUserInput(field, `Certificate ${index + 1} in \`${field}\` is damaged. Export it again as PEM.`);
  }
}
