/** Variation selector 16 makes an emoji of a symbol, and nothing else. */
const EMOJI_SELECTOR = '\\ufe0f';
/**
 * What a terminal would obey or not show: escape sequences, changes of writing direction, zero-width characters, line
 * separators. Names of registries, pipelines and people come from others.
 */
const UNSEEN = `(?!${EMOJI_SELECTOR})[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]`;
const UNSEEN_CHARACTERS = new RegExp(UNSEEN, 'gu');

/** One line in which everything can be seen: `\u{1b}` for an escape character. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSEEN_CHARACTERS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** JSON in one line that a terminal can show as well: its readers get the same value. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSEEN_CHARACTERS, (character) =>
    Array.from({ length: character.length }, (_, index) => escaped(character.charCodeAt(index))).join(''),
  );
}

function escaped(codeUnit: number): string {
  return `\\u${codeUnit.toString(16).padStart(4, '0')}`;
}
