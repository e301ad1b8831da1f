declare const PURSER_VERSION: string | undefined;

/** Set by `bundle.mjs` from package.json; a service that runs from its sources has none. */
export const VERSION: string | undefined = typeof PURSER_VERSION === 'string' ? PURSER_VERSION : undefined;
