const TRIGRAM = /[\p{L}\p{N}]{3}/u;

/** Whether an index of trigrams can find the text: without three letters or digits in a row it would read all. */
export function hasTrigram(search: string): boolean {
  return TRIGRAM.test(search);
}
