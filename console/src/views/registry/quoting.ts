/** Words that YAML reads as something else than text. */
const YAML_WORDS = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** As one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As a YAML scalar that is read as text. */
export function yamlText(text: string): string {
  const plain = /^[A-Za-z][\w./?&=%-]*(?::[\w./?&=%-]+)*$/.test(text) && !YAML_WORDS.has(text.toLowerCase());
  return plain ? text : JSON.stringify(text);
}

/** A command within a list in brackets, where only what brackets and commas would end is quoted. */
export function flowText(text: string): string {
  return /[[\]{},#]|: /.test(text) ? JSON.stringify(text) : text;
}

/** Within the query of a URL. Hosts with ports stay readable, as in the documentation. */
export function queryText(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
}
