// Reads the results of Vitest's JSON reporter, of one run or of several, and prints their sum as one line:
// `N passed, N failed[, N skipped]`. Fails when anything failed, and when one of the runs ran no test.
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

function count({ success, testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = testResults.reduce((sum, file) => sum + failedIn(file), 0);
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed').length;
  return { passed, failed, skipped, isGood: success && passed > 0 && failed === 0 };
}

const runs = process.argv.slice(2).map((path) => count(readResults(path)));
const sum = (what) => runs.reduce((total, run) => total + run[what], 0);

const skipped = sum('skipped');
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = runs.length > 0 && runs.every(({ isGood }) => isGood) ? 0 : 1;
