import { requireNoCanary } from './canary-sweep.ts';

/** What a test run leaves behind, while its server still runs and nothing is deleted yet. */
export interface TestRun {
  /** Of a role that owns all databases of the run. */
  readonly connectionString: string;
  /** The run's databases, the template included. */
  readonly databases: readonly string[];
  /** The embedded server's data folder with its log; undefined if the run uses another server. */
  readonly dataDir: string | undefined;
  /** The logs of all services that ran under test. */
  readonly logFolder: string;
}

/**
 * Looks at the whole run after its last test. An error that one of them throws fails the run. This is the place for
 * searches over everything that was written, such as the one for leaked passwords.
 */
export const endOfRunChecks: readonly ((run: TestRun) => Promise<void>)[] = [requireNoCanary];

/** Vitest 4.1 prints an error of a global teardown but still exits with 0, so a leak would go unnoticed. */
export function failingTheRun(teardown: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await teardown();
    } catch (error) {
      process.exitCode = 1;
      throw error;
    }
  };
}
