// Reads the results of Vitest's JSON reporter and prints them as one line: `N passed, N failed[, N skipped]`.
// Fails when anything failed and when no test ran.
import { readFileSync } from 'node:fs';

/** A file that could not be loaded has no test that failed, so it counts as one itself. */
function failedIn({ status, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed').length;
  return failed === 0 && status === 'failed' ? 1 : failed;
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    process.stderr.write('The tests left no results\n');
    return { success: false, testResults: [] };
  }
}

const { success, testResults } = readResults(process.argv[2]);
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const passed = tests.filter(({ status }) => status === 'passed').length;
const failed = testResults.reduce((sum, file) => sum + failedIn(file), 0);
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed').length;

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = success && passed > 0 && failed === 0 ? 0 : 1;
