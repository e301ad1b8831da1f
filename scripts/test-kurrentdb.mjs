// Runs the contract of event logs, and crash rounds of the whole service, against the KurrentDB that EVENT_STORE_URL names.
// Everything is written under prefixes of its own, and nothing is deleted. The last line has the counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const url = process.env.EVENT_STORE_URL ?? '';
const [, discover = '', hosts = ''] = /^\w+(\+discover)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url) ?? [];
if (hosts === '') {
  process.stderr.write(
    'EVENT_STORE_URL must name the server to test against, such as kurrentdb://localhost:2113?tls=false\n',
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'purser-kurrentdb-'));
const results = join(folder, 'results.json');
const { status } = run(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
  ].concat(process.argv.slice(2)),
);
const kind = discover !== '' || hosts.includes(',') ? 'a cluster' : 'a single node';
process.stdout.write(`${hosts}, ${kind}, ${/[?&]tls=false/i.test(url) ? 'plain' : 'with TLS'}:\n`);
const counts = run(['.ci/summary.mjs', results]);
rmSync(folder, { recursive: true, force: true });
process.exitCode = status === 0 && counts.status === 0 ? 0 : 1;

function run(args) {
  return spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, PURSER_KURRENTDB: '1' } });
}
