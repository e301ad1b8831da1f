/**
 * A hash of what makes the rows of the read models. A rebuild that another version left is not gone on with.
 * Written by `npm run -s generate`.
 */
export const READ_MODELS_VERSION = '193df2484e2144da';
