/**
 * For the `default` of a `switch` that has a case for everything: a case that is forgotten does not compile. Data that
 * is of no known kind all the same throws; of it only the name of its kind is told.
 */
export function unreachable(value: never, what: string): never {
  const unknown: unknown = value;
  const name = typeof unknown === 'object' && unknown !== null && 'type' in unknown ? unknown.type : unknown;
  throw new Error(`unknown ${what} ${typeof name === 'string' ? JSON.stringify(name) : typeof name}`);
}
