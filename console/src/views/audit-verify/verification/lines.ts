import type { Line } from './records.ts';

/** Longer than any entry can be: what has no line break for so long is no export. */
const MAX_LINE = 4 * 1024 * 1024;

export class NoLines extends Error {
  override readonly name = 'NoLines';
}

export interface LineSplitter {
  /** The lines that these bytes complete. Only a line feed ends a line: texts may hold the other separators. @throws NoLines */
  take(bytes: Uint8Array): Line[];
  /** A last line without a line break. */
  end(): Line[];
}

export function createLineSplitter(): LineSplitter {
  // A byte order mark is not part of an export: it is kept, so that it is found.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  let line = 0;

  function numbered(texts: readonly string[]): Line[] {
    return texts.map((text) => {
      line += 1;
      return { line, text };
    });
  }

  return {
    take(bytes) {
      const texts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      if (rest.length > MAX_LINE) throw new NoLines('a line has no end');
      return numbered(texts);
    },
    end() {
      rest += decoder.decode();
      return rest === '' ? [] : numbered([rest]);
    },
  };
}
