import type { Instant } from './instant.ts';

/** RFC 5545, section 3.1: octets of a line, without its line break. */
const MAX_OCTETS = 75;
const LINE_BREAK = '\r\n';

/** What a content line may not hold, but for the tab; lone surrogates have no form in UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\p{Cs}]/gu;
const REPLACEMENT = '\ufffd';

/** Any text as a value of the type TEXT (RFC 5545, section 3.3.11). */
export function textValue(text: string): string {
  return text
    .replace(UNWRITABLE, REPLACEMENT)
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n|\r|\n/g, '\\n');
}

/** In UTC, cut off to seconds, which is all that the format has. */
export function timeValue(instant: Instant): string {
  return `${instant.slice(0, 'YYYY-MM-DDThh:mm:ss'.length).replace(/[-:]/g, '')}Z`;
}

/** The lines of a component, between its BEGIN and its END. */
export function component(name: string, lines: readonly string[]): string[] {
  return [`BEGIN:${name}`, ...lines, `END:${name}`];
}

/** The file. No line is longer than 75 octets, and no character is cut. */
export function fileOf(lines: readonly string[]): string {
  return lines.map((line) => fold(line) + LINE_BREAK).join('');
}

function fold(line: string): string {
  let folded = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > MAX_OCTETS) {
      folded += `${LINE_BREAK} `;
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}
