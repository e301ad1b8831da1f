/** What makes two readers of the same JSON disagree, or is meant to harm one that reads it carelessly. */
export type StructureFault = 'duplicate-key' | 'reserved-key' | 'too-deep';

const MAX_DEPTH = 16;
/** Claims by these names have no honest use, and writing them to a plain object changes more than that object. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Looks at every object of a JSON text, at any depth, for what `JSON.parse` does not report: it keeps the last of two
 * equal keys. Expects a text that `JSON.parse` accepts.
 */
export function structureFault(json: string): StructureFault | undefined {
  const openKeys: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      // An array opens a set that stays empty, so that each closing bracket has one to close.
      case '{':
      case '[':
        if (openKeys.length === MAX_DEPTH) return 'too-deep';
        openKeys.push(new Set());
        break;
      case '}':
      case ']':
        openKeys.pop();
        break;
      case '"': {
        const end = endOfString(json, at);
        if (isFollowedByColon(json, end)) {
          const key = decodeString(json.slice(at, end));
          if (RESERVED_KEYS.has(key)) return 'reserved-key';
          const keys = openKeys.at(-1);
          if (keys?.has(key)) return 'duplicate-key';
          keys?.add(key);
        }
        at = end - 1;
        break;
      }
      default:
    }
  }
  return undefined;
}

/** The index after the closing quote. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** In valid JSON only keys are followed by a colon. */
function isFollowedByColon(json: string, after: number): boolean {
  let at = after;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return json[at] === ':';
}

/** `"a"` and `"\u0061"` are the same key. */
function decodeString(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
}
