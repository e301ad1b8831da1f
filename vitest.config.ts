import { createRequire } from 'node:module';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { PATIENCE_MS } from './test/support/patience.ts';
import { TORTURE_VARIABLE } from './test/support/rounds.ts';
import { SlowestFirst } from './test/support/slowest-first.ts';
import {
  ALL_STORE_TESTS,
  BROWSER_TESTS,
  INTEGRATION_TESTS,
  KURRENTDB_TESTS,
  NETWORK_TESTS,
  OWN_PROCESS_TESTS,
  POSTGRES_PROJECTS,
  POSTGRES_TESTS,
  STORE_TESTS,
  TESTS_OF_POSTGRES,
  TORTURE_ONLY_TESTS,
  TORTURE_TESTS,
} from './test/support/test-kinds.ts';

/** Set by CI, where `npm run test:torture` runs the same tests with larger counts. */
const isRepeatedLater = Boolean(process.env.PURSER_TORTURE_FOLLOWS);
const LEFT_OUT = isRepeatedLater ? TORTURE_TESTS : TORTURE_ONLY_TESTS;

const RUN_FOLDER = 'test/support/run-folder.ts';
const UNIT: TestProjectInlineConfiguration = {
  extends: true,
  // One process for many files: loading the modules anew for each takes longer than the tests.
  test: {
    name: 'unit',
    include: ['test/**/*.test.ts', 'console/test/**/*.test.ts'],
    exclude: [...INTEGRATION_TESTS, ...NETWORK_TESTS, ...BROWSER_TESTS, ...LEFT_OUT],
    isolate: false,
    globalSetup: [RUN_FOLDER],
  },
};
const NETWORK: TestProjectInlineConfiguration = {
  ...UNIT,
  test: { ...UNIT.test, name: 'network', include: NETWORK_TESTS, exclude: [...INTEGRATION_TESTS, ...LEFT_OUT] },
};
const INTEGRATION: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'integration',
    include: INTEGRATION_TESTS,
    exclude: LEFT_OUT,
    globalSetup: [RUN_FOLDER, 'test/support/global-setup.ts'],
    setupFiles: ['test/support/close-check.ts'],
  },
};
/** Modules are loaded once for many files here too: to load the service takes as long as many a test of it. */
const SHARING_MODULES: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: { ...INTEGRATION.test, isolate: false, exclude: [...LEFT_OUT, ...OWN_PROCESS_TESTS] },
};
const OWN_PROCESS: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: { ...INTEGRATION.test, name: 'own-process', include: OWN_PROCESS_TESTS },
};
const TORTURE: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: {
    ...INTEGRATION.test,
    name: 'torture',
    include: TORTURE_TESTS,
    exclude: [],
  },
};
const BROWSER: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: { ...INTEGRATION.test, name: 'browser', include: BROWSER_TESTS },
};
/** Set by `npm run test:stores`; `all` takes all tests above the log. */
const STORES_VARIABLE = 'PURSER_STORES';
/** The tests for which the store matters, with a store of events apart from Postgres: its double, or a real server. */
const STORES: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: {
    ...INTEGRATION.test,
    name: 'stores',
    include: process.env[STORES_VARIABLE] === 'all' ? ALL_STORE_TESTS : STORE_TESTS,
    // `npm run test:torture` runs them with either store.
    exclude: [...LEFT_OUT, ...Object.keys(TESTS_OF_POSTGRES)],
    globalSetup: [RUN_FOLDER, 'test/support/global-setup.ts', 'test/support/protocol-double-setup.ts'],
  },
};
const KURRENTDB: TestProjectInlineConfiguration = {
  ...INTEGRATION,
  test: {
    ...INTEGRATION.test,
    name: 'kurrentdb',
    include: KURRENTDB_TESTS,
    exclude: [],
    globalSetup: [RUN_FOLDER, 'test/support/global-setup.ts', 'test/support/event-store-setup.ts'],
  },
};
/** Set by `npm run test:kurrentdb`. */
const KURRENTDB_VARIABLE = 'PURSER_KURRENTDB';
/** Set by `npm run test:browser`. */
const BROWSER_VARIABLE = 'PURSER_BROWSER';
/** Set by `npm run test:postgres`. */
const POSTGRES_VARIABLE = 'PURSER_POSTGRES';
const POSTGRES: TestProjectInlineConfiguration[] = POSTGRES_PROJECTS.map((name) => ({
  ...INTEGRATION,
  test: { ...INTEGRATION.test, name, include: POSTGRES_TESTS, exclude: [] },
}));

function projects(): TestProjectInlineConfiguration[] {
  if (process.env[KURRENTDB_VARIABLE]) return [KURRENTDB];
  if (process.env[TORTURE_VARIABLE]) return [TORTURE];
  if (process.env[BROWSER_VARIABLE]) return [BROWSER];
  if (process.env[STORES_VARIABLE]) return [STORES];
  return process.env[POSTGRES_VARIABLE] ? POSTGRES : [UNIT, NETWORK, SHARING_MODULES, OWN_PROCESS];
}

export default defineConfig({
  resolve: {
    // The CommonJS and the ES build of graphql are two modules that refuse each other's types: everything gets one.
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    projects: projects(),
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    // These only end a test that hangs, also on a machine that is ten times busier: no guarantee is measured by them.
    testTimeout: 2 * PATIENCE_MS,
    hookTimeout: 2 * PATIENCE_MS,
    teardownTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    // A message that says what was found, not `[ Array(1) ]`: the summary of CI has only the messages.
    chaiConfig: { truncateThreshold: 1_000 },
  },
});
