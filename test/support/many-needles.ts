/** Calls back for every place in the block where one of the needles begins. */
export type ManyNeedles = (block: Uint8Array, onFound: (needle: number, at: number) => void) => void;

/**
 * Looks for all needles in one pass, as Wu and Manber do it: two bytes tell how far no needle can begin, so that most
 * bytes are never looked at. A pass for each needle takes ten times as long, and a run leaves a gigabyte behind.
 */
export function manyNeedles(needles: readonly Uint8Array[]): ManyNeedles {
  const window = Math.min(...needles.map(({ length }) => length));
  if (window < 2) throw new RangeError('a needle needs two bytes at least');
  const shifts = new Uint8Array(65_536).fill(Math.min(window - 1, 255));
  for (const needle of needles) {
    for (let end = 1; end < window; end += 1) {
      const pair = pairAt(needle, end);
      shifts[pair] = Math.min(shifts[pair] ?? 0, window - 1 - end);
    }
  }

  return (block, onFound) => {
    for (let end = window - 1; end < block.length; ) {
      const shift = shifts[pairAt(block, end)] ?? 1;
      if (shift === 0) {
        const start = end - window + 1;
        for (const [index, needle] of needles.entries()) if (standsAt(block, start, needle)) onFound(index, start);
      }
      end += shift || 1;
    }
  };
}

function pairAt(bytes: Uint8Array, end: number): number {
  return ((bytes[end - 1] ?? 0) << 8) | (bytes[end] ?? 0);
}

function standsAt(block: Uint8Array, start: number, needle: Uint8Array): boolean {
  return needle.every((byte, index) => block[start + index] === byte);
}
