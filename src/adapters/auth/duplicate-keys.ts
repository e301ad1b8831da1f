/** Faults that make two JSON readers disagree, or that attack a careless one. */
export type StructureFault = 'duplicate-key' | 'reserved-key' | 'too-deep';

const MAX_DEPTH = 16;
/** Claims with these names have no honest use. Assigning them to a plain object can change its prototype. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks every object of a JSON text, at any depth, for faults that `JSON.parse` does not report: of two equal keys it
 * silently keeps the last. Expects a text that `JSON.parse` accepts.
 */
export function structureFault(json: string): StructureFault | undefined {
  const openKeys: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      // An array opens a set too, which stays empty, so that each closing bracket has a set to pop.
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

/** In valid JSON a colon follows keys only. */
function isFollowedByColon(json: string, after: number): boolean {
  let at = after;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return json[at] === ':';
}

/** `"a"` and `"\u0061"` are the same key. */
function decodeString(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
}
