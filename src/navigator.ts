const known: unknown = Reflect.get(globalThis, 'navigator');

/**
 * A global of Node 21 and later, which `bundle-options.mjs` puts in where it is missing: the driver of Postgres otherwise loads
 * all of `fetch` to find out what it runs on.
 */
export const navigator = known ?? { userAgent: `Node.js/${process.versions.node}` };
