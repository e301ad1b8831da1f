/**
 * For the `default` of a `switch` that must be complete: a missing case does not compile. If the data is of an unknown
 * kind anyway, this throws, and the message holds only the name of that kind.
 */
export function unreachable(value: never, what: string): never {
  const unknown: unknown = value;
  const name = typeof unknown === 'object' && unknown !== null && 'type' in unknown ? unknown.type : unknown;
  throw new Error(`unknown ${what} ${typeof name === 'string' ? JSON.stringify(name) : typeof name}`);
}
