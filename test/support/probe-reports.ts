import type { ProbeReport } from '../../src/application/ports/registry-probe.ts';

/** Of a test that only logged in, and was let in. */
export const LOGGED_IN: ProbeReport = {
  outcome: 'OK',
  detail: null,
  login: 'PROVED',
  pull: 'UNKNOWN',
  push: 'UNKNOWN',
  method: 'BASIC',
  repository: null,
  expiresAt: null,
  durationMs: 1,
};
