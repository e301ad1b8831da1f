// Reads the results of Vitest's JSON reporter, of one run or of several. Says which files took long, names each test that was
// skipped or failed, with its file and the first line of its failure, and prints the sum as the last line: `N passed, N failed[, N skipped]`. Fails when
// anything failed, and when one of the runs ran no test.
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of each kind: a log is read from its end, and may be cut. */
const MAX_NAMED = 100;
const MAX_MESSAGE = 300;
const LONG_S = 20;

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    process.stderr.write(`The tests left no results (${basename(path)})\n`);
    return { success: false, testResults: [] };
  }
}

/** All on one line, without the colours of a terminal. */
function firstLine(message = '') {
  const [line = ''] = stripVTControlCharacters(message).trim().split('\n');
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

/** A file that could not be loaded has no test that failed, so it counts as one itself. */
function failedIn({ name = '', status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [{ file: name, message: firstLine(message) }];
  return failed.map((test) => ({ file: name, name: test.fullName, message: firstLine(test.failureMessages?.[0]) }));
}

function skippedIn({ name = '', assertionResults }) {
  const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
  return skipped.map((test) => ({ file: name, name: test.fullName, message: '' }));
}

function longIn({ name = '', startTime, endTime }) {
  const seconds = Math.round((endTime - startTime) / 1000);
  return seconds >= LONG_S ? [{ file: name, seconds }] : [];
}

function examine(path) {
  const { success, testResults } = readResults(path);
  const inRun = (test) => ({ ...test, run: basename(path) });
  const failed = testResults.flatMap(failedIn).map(inRun);
  const skipped = testResults.flatMap(skippedIn).map(inRun);
  const long = testResults.flatMap(longIn).map(inRun);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  return { passed, failed, skipped, long, isGood: success && passed > 0 && failed.length === 0 };
}

function printNamed(kind, tests) {
  for (const { run, file, name = 'the file itself', message } of tests.slice(0, MAX_NAMED)) {
    const where = `${kind} (${run}): ${relative(process.cwd(), file)} > ${name}`;
    process.stdout.write(message ? `${where}\n    ${message}\n` : `${where}\n`);
  }
  if (tests.length > MAX_NAMED) process.stdout.write(`${kind}: ${tests.length - MAX_NAMED} more\n`);
}

const runs = process.argv.slice(2).map(examine);
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.flatMap((run) => run.failed);
const skipped = runs.flatMap((run) => run.skipped);

for (const { run, file, seconds } of runs.flatMap(({ long }) => long).sort((a, b) => b.seconds - a.seconds)) {
  process.stdout.write(`${seconds} s (${run}): ${relative(process.cwd(), file)}\n`);
}
printNamed('skipped', skipped);
printNamed('failed', failed);
const alsoSkipped = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
process.stdout.write(`${passed} passed, ${failed.length} failed${alsoSkipped}\n`);
process.exitCode = runs.length > 0 && runs.every(({ isGood }) => isGood) ? 0 : 1;
