import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SECONDS_OF_SLOW_TESTS } from './test-kinds.ts';

const secondsOf = ({ moduleId, project }: TestSpecification): number =>
  SECONDS_OF_SLOW_TESTS[relative(project.config.root, moduleId)] ?? 0;

/** The files that take longest come first, the others as Vitest has them. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => secondsOf(b) - secondsOf(a));
  }
}
