import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Seconds that files took in CI with the counts of `npm run test:torture`: those of more than a minute. Its last lines tell
 * them anew. A file that begins late and takes long would leave the other worker idle at the end.
 */
export const SECONDS: Readonly<Record<string, number>> = {
  'test/crash/three-replicas.test.ts': 720,
  'test/crash/service-killed.test.ts': 450,
  'test/crash/fail-points.test.ts': 400,
  'test/service/hostile-load.test.ts': 302,
  'test/adapters/postgres/read-models/large-rebuild.test.ts': 244,
  'test/crash/postgres-killed.test.ts': 150,
  'test/crash/event-store-troubled.test.ts': 150,
  'test/adapters/vault/many-seals.test.ts': 132,
  'test/adapters/postgres/killed-migrations.test.ts': 123,
  'test/adapters/vault/tampered-records.test.ts': 123,
  'test/crash/event-store-cut.test.ts': 110,
  'test/service/key-rotation.test.ts': 99,
  'test/service/doctor-memory.test.ts': 98,
  'test/adapters/kurrentdb/event-log.test.ts': 97,
  'test/crash/beside-previous-build.test.ts': 96,
  'test/crash/stuck-leader.test.ts': 80,
  'test/crash/service-stopped.test.ts': 80,
  'test/crash/rewrap-killed.test.ts': 83,
  'test/service/copy-log.test.ts': 77,
  'test/crash/broken-builds.test.ts': 70,
  'test/end-to-end/staged-rotation.test.ts': 64,
};

const secondsOf = ({ moduleId, project }: TestSpecification): number =>
  SECONDS[relative(project.config.root, moduleId)] ?? 0;

/** The files that take longest come first, the others as Vitest has them. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => secondsOf(b) - secondsOf(a));
  }
}
