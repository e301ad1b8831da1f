/** The folders of tests that need the built programs, a Postgres, or a separate process. */
const INTEGRATION_FOLDERS = [
  'test/adapters/kurrentdb',
  'test/adapters/postgres',
  'test/adapters/vault',
  'test/clients',
  'test/crash',
  'test/end-to-end',
  'test/http',
  'test/integrations',
  'test/service',
];
/** A file elsewhere that needs one of these, or takes seconds, has this ending. */
const INTEGRATION_ENDING = '.integration.test.ts';

/** The folders of tests that talk to servers over sockets, with real deadlines: they take longer, but need nothing more. */
const NETWORK_FOLDERS = [
  'test/adapters/egress',
  'test/adapters/key-management',
  'test/adapters/minting',
  'test/adapters/registry',
];

export const NETWORK_TESTS = NETWORK_FOLDERS.map((folder) => `${folder}/**/*.test.ts`);
export const INTEGRATION_TESTS = [
  ...INTEGRATION_FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
  `test/**/*${INTEGRATION_ENDING}`,
];

/** Those of them that look at what a module does to its whole process, so that none may have loaded it before. */
export const OWN_PROCESS_TESTS = [
  'test/adapters/kurrentdb/**/*.test.ts',
  'test/adapters/vault/randomness.test.ts',
  'test/support/protocol-double/**/*.test.ts',
];

/** The tests that open pages in a browser. `npm run test:browser` runs them, with what integration tests need. */
export const BROWSER_TESTS = ['test/browser/**/*.test.ts'];

/** All others: unit tests and those of the network. */
export function needsNoSetUp(file: string): boolean {
  const isIntegrationTest =
    file.endsWith(INTEGRATION_ENDING) ||
    [...INTEGRATION_FOLDERS, 'test/browser'].some((folder) => file.startsWith(`${folder}/`));
  return file.endsWith('.test.ts') && !isIntegrationTest;
}

/** The projects that run POSTGRES_TESTS, for the versions besides the embedded one. */
export const POSTGRES_PROJECTS = ['postgres-debian', 'postgres-16', 'postgres-17'];
/** The tests in which a version of Postgres could behave in another way. */
export const POSTGRES_TESTS = [
  'test/adapters/postgres/backup/backup.test.ts',
  'test/adapters/postgres/log/*.test.ts',
  'test/adapters/postgres/killed-migrations.test.ts',
  'test/adapters/postgres/migrate.test.ts',
  'test/adapters/postgres/pool.test.ts',
  'test/adapters/postgres/read-models/projection.test.ts',
  'test/adapters/vault/vault.test.ts',
  'test/service/database-cannot-be-written.test.ts',
  'test/service/readiness.test.ts',
  'test/service/registries.test.ts',
];

/** The tests above the log in which its store could behave in another way: what CI runs with a store apart from Postgres. */
export const STORE_TESTS = [
  'test/crash/fail-points.test.ts',
  'test/crash/killed-between-steps.test.ts',
  'test/crash/late-secret.test.ts',
  'test/crash/paused-handler.test.ts',
  'test/crash/service-killed.test.ts',
  'test/crash/staged-rotation.test.ts',
  'test/crash/webhooks.test.ts',
  'test/end-to-end/following-notices.test.ts',
  'test/end-to-end/identity-token.test.ts',
  'test/end-to-end/pipeline-pushes-image.test.ts',
  'test/end-to-end/reported-failure.test.ts',
  'test/service/audit-anchors.test.ts',
  'test/service/audit-commands.test.ts',
  'test/service/audit-export-over-http.test.ts',
  'test/service/audit-signing.test.ts',
  'test/service/audit.test.ts',
  'test/service/changed-rows.test.ts',
  'test/service/denials.test.ts',
  'test/service/image-resolution.test.ts',
  'test/service/issue-limit.test.ts',
  'test/service/leases.test.ts',
  'test/service/minting.test.ts',
  'test/service/readiness.test.ts',
  'test/service/realm-host.test.ts',
  'test/service/rebuild.test.ts',
  'test/service/registries.test.ts',
  'test/service/registry-history.test.ts',
  'test/service/registry-tests.test.ts',
  'test/service/registry-users.test.ts',
  'test/service/replica-caches.test.ts',
  'test/service/scheduled-checks.test.ts',
  'test/service/slow-searches.test.ts',
  'test/service/staged-rotation.test.ts',
  'test/service/subscriptions.test.ts',
  'test/service/tested-minting.test.ts',
  'test/service/trust-rule-callers.test.ts',
  'test/service/webhooks.test.ts',
];

/** All tests above the log, which `PURSER_STORES=all npx vitest run` runs with the store of the run. */
export const ALL_STORE_TESTS = ['test/crash', 'test/end-to-end', 'test/service'].map(
  (folder) => `${folder}/**/*.test.ts`,
);

/** Those for which another store than Postgres makes no difference or no sense, and why. */
export const TESTS_OF_POSTGRES: Readonly<Record<string, string>> = {
  'test/crash/event-store-cut.test.ts': '`npm test` runs it with a protocol double',
  'test/crash/event-store-troubled.test.ts': 'it starts a store itself',
  'test/crash/failover.test.ts': 'the log is in the Postgres that fails over',
  'test/crash/findings.test.ts': 'it plants faults in the log of Postgres',
  'test/crash/full-disk.test.ts': 'it fills the disk that the log is on',
  'test/crash/issuer-killed.test.ts': 'its processes write to the log of Postgres',
  'test/crash/postgres-frozen.test.ts': 'the log is in the Postgres that freezes',
  'test/crash/postgres-killed.test.ts': 'the log is in the Postgres that is killed',
  'test/crash/postgres-restarted.test.ts': 'the log is in the Postgres that is restarted',
  'test/crash/stuck-leader.test.ts': 'it reads the head of the log in Postgres',
  'test/crash/three-replicas.test.ts': 'it starts both stores itself',
  'test/service/audit-storage-failing.test.ts': 'a trigger in the log of Postgres fails',
  'test/service/backup.test.ts': 'a backup has the log of Postgres',
  'test/service/calendar.test.ts': 'it looks into the log of Postgres, and changes it',
  'test/service/connections.test.ts': 'it names the connections of the log in Postgres',
  'test/service/copy-log.test.ts': 'it starts both stores itself',
  'test/service/database-writer.test.ts': 'it forges rows in the log of Postgres',
  'test/service/doctor.test.ts': 'it reads the head of the log in Postgres',
  'test/service/doctor-restored.test.ts': 'it restores the log of Postgres',
  'test/service/errors-tell-no-secret.test.ts': 'it has the log of Postgres refuse a row',
  'test/service/event-store.test.ts': 'it starts both stores itself',
  'test/service/metrics.test.ts': 'it names the connections of the log in Postgres',
  'test/service/notices-of-a-year.test.ts': 'it fills the log of Postgres',
  'test/service/older-log.test.ts': 'it starts both stores itself',
  'test/service/postgres-dump.test.ts': 'a dump has the log of Postgres',
  'test/service/telemetry.test.ts': 'it names the statements of the log in Postgres',
};

/** The tests that can run against a KurrentDB, which need no other program. */
export const KURRENTDB_TESTS = [
  'test/adapters/kurrentdb/event-log.test.ts',
  'test/adapters/kurrentdb/shared-store.test.ts',
  'test/crash/event-store-cut.test.ts',
  'test/crash/fail-points.test.ts',
  'test/crash/service-killed.test.ts',
  'test/service/registries.test.ts',
];

/** The tests that only `npm run test:torture` runs: each builds the service once more. */
export const TORTURE_ONLY_TESTS = ['test/crash/beside-previous-build.test.ts', 'test/crash/broken-builds.test.ts'];
/** These, and the tests that repeat their work as often as rounds.ts says. */
export const TORTURE_TESTS = [
  ...TORTURE_ONLY_TESTS,
  'test/adapters/auth/token-mutations.integration.test.ts',
  'test/adapters/egress/address-kind.test.ts',
  'test/adapters/kurrentdb/event-log.test.ts',
  'test/adapters/postgres/killed-migrations.test.ts',
  'test/adapters/postgres/log/event-log.test.ts',
  'test/adapters/postgres/read-models/large-rebuild.test.ts',
  'test/adapters/vault/many-seals.test.ts',
  'test/adapters/vault/rewrap.test.ts',
  'test/adapters/vault/tampered-records.test.ts',
  'test/contract/memory-event-log.test.ts',
  'test/crash/event-store-cut.test.ts',
  'test/crash/event-store-troubled.test.ts',
  'test/crash/fail-points.test.ts',
  'test/crash/postgres-killed.test.ts',
  'test/crash/rewrap-killed.test.ts',
  'test/crash/postgres-restarted.test.ts',
  'test/crash/service-killed.test.ts',
  'test/crash/service-stopped.test.ts',
  'test/crash/stuck-leader.test.ts',
  'test/crash/three-replicas.test.ts',
  'test/http/connections/token-expiry.test.ts',
  'test/http/generated-documents.test.ts',
  'test/service/asks-of-one-run.test.ts',
  'test/service/copy-log.test.ts',
  'test/service/doctor-memory.test.ts',
  'test/service/hostile-load.test.ts',
  'test/service/idempotency.test.ts',
  'test/service/reconnecting-subscribers.test.ts',
  'test/service/stalled-subscribers.test.ts',
];

/**
 * Seconds that files took in CI with the counts of `npm run test:torture`: those of more than a minute. Its last lines tell
 * them anew. Where the counts have changed since, it is what was to be expected. A file that begins late and takes long would
 * leave the other worker idle at the end.
 */
export const SECONDS_OF_SLOW_TESTS: Readonly<Record<string, number>> = {
  'test/crash/service-killed.test.ts': 560,
  'test/crash/fail-points.test.ts': 474,
  'test/crash/three-replicas.test.ts': 380,
  'test/crash/postgres-killed.test.ts': 193,
  'test/adapters/postgres/read-models/large-rebuild.test.ts': 186,
  'test/adapters/vault/many-seals.test.ts': 156,
  'test/service/hostile-load.test.ts': 152,
  'test/crash/service-stopped.test.ts': 150,
  'test/service/doctor-memory.test.ts': 75,
  'test/adapters/vault/tampered-records.test.ts': 130,
  'test/crash/event-store-troubled.test.ts': 118,
  'test/crash/rewrap-killed.test.ts': 113,
  'test/adapters/kurrentdb/event-log.test.ts': 113,
  'test/crash/beside-previous-build.test.ts': 106,
  'test/service/key-rotation.test.ts': 99,
  'test/crash/stuck-leader.test.ts': 99,
  'test/http/generated-documents.test.ts': 85,
  'test/adapters/postgres/killed-migrations.test.ts': 70,
  'test/end-to-end/staged-rotation.test.ts': 63,
  'test/crash/event-store-cut.test.ts': 62,
  'test/domain/audit-tampering.integration.test.ts': 61,
  'test/browser/console/every-view.test.ts': 120,
  'test/browser/console-parts.test.ts': 49,
};
