// Reads the results of Vitest's JSON reporter, of one run or of several. Says which files took long, names each test that was
// skipped or failed, with its file, the message of its failure and where in the tests it was, and prints the sum as the last
// line: `N passed, N failed[, N skipped]`. Fails when anything failed, and when one of the runs ran no test.
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of each kind: a log is read from its end, and may be cut. */
const MAX_NAMED = 100;
/** Characters of all messages: few failures are told at length, many in short. */
const MAX_MESSAGES = 40_000;
const MAX_MESSAGE = 2_000;
const LONG_S = 20;
const STACK_LINE = /^\s+at /;

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    process.stderr.write(`The tests left no results (${basename(path)})\n`);
    return { success: false, testResults: [] };
  }
}

/** What failed, without the colours of a terminal; of the stack only where in the tests it was. */
function told(message = '') {
  const lines = stripVTControlCharacters(message).trim().split('\n');
  const end = lines.findIndex((line) => STACK_LINE.test(line));
  const stack = end < 0 ? [] : lines.slice(end);
  const at = stack.find((line) => /[/](?:test|bench)[/]/.test(line) && !line.includes('node_modules'));
  const what = (end < 0 ? lines : lines.slice(0, end)).join('\n').trim();
  return at === undefined ? what : `${what}\n${at.trim().replace(`${process.cwd()}/`, '')}`;
}

/** A file that could not be loaded has no test that failed, so it counts as one itself. */
function failedIn({ name = '', status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [{ file: name, message: told(message) }];
  return failed.map((test) => ({ file: name, name: test.fullName, message: told(test.failureMessages?.[0]) }));
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
  const named = tests.slice(0, MAX_NAMED);
  const length = Math.min(MAX_MESSAGE, Math.floor(MAX_MESSAGES / named.length));
  for (const { run, file, name = 'the file itself', message } of named) {
    process.stdout.write(`${kind} (${run}): ${relative(process.cwd(), file)} > ${name}\n`);
    const shown = message.length > length ? `${message.slice(0, length)}…` : message;
    if (shown) process.stdout.write(`${shown.replaceAll(/^(?=.)/gm, '    ')}\n`);
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
