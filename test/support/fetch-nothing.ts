import type { FetchJson } from '../../src/adapters/auth/jwks.ts';

/** For issuers whose keys stand in the configuration. */
export const fetchNothing: FetchJson = async (url) => {
  throw new Error(`unexpected request to ${url}`);
};
