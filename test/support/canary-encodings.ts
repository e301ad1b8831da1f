import { CANARY_MARKER } from './canary.ts';

export interface Encoding {
  readonly name: string;
  /** Bytes that stand wherever something with the marker in it stands in this encoding. */
  readonly needle: Buffer;
}

/** Without its hyphen, which encodings of text write in different ways: `-`, `%2D`, `\u002d`, `&#45;`. */
const WORD = Buffer.from(CANARY_MARKER.replace(/-$/, ''));

/** What the marker looks like in the encodings that a password may come to stand in. */
export const ENCODINGS: readonly Encoding[] = [
  { name: 'plain', needle: WORD },
  // Little-endian and big-endian have this in common.
  { name: 'UTF-16', needle: Buffer.from(String(WORD), 'utf16le').subarray(0, -1) },
  ...[0, 1, 2].map((offset) => ({ name: `base64 at offset ${offset}`, needle: base64At(offset) })),
  // 4E is the only byte of the word whose number has a letter.
  ...escaped('hex', '', (byte) => byte),
  ...escaped('URL-escaped', '', (byte) => `%${byte}`),
  ...escaped('JSON-escaped', '', (byte) => `\\u00${byte}`),
  // As text in JSON in JSON.
  ...escaped('JSON-escaped twice', '', (byte) => `\\\\u00${byte}`),
  // How Node.js prints a Buffer, and how it serialises one.
  ...escaped('a printed Buffer', ' ', (byte) => byte),
  { name: 'a Buffer in JSON', needle: Buffer.from([...WORD].join(',')) },
];

/**
 * The characters of the base64 text that depend on the marker alone, whatever stands before and after it. They are
 * the same in the alphabet for URLs.
 */
function base64At(offset: number): Buffer {
  const marker = Buffer.from(CANARY_MARKER);
  const text = Buffer.concat([Buffer.alloc(offset), marker]).toString('base64');
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + marker.length) * 8) / 6);
  return Buffer.from(text.slice(first, end));
}

function escaped(name: string, separator: string, spell: (byte: string) => string): Encoding[] {
  const bytes = [...WORD].map((byte) => byte.toString(16));
  const needle = (written: readonly string[]) => Buffer.from(written.map(spell).join(separator));
  return [
    { name: `${name}, lower case`, needle: needle(bytes) },
    { name: `${name}, upper case`, needle: needle(bytes.map((byte) => byte.toUpperCase())) },
  ];
}
