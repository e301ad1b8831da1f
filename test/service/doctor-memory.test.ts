import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { CheckResult } from '../../src/domain/doctor-report.ts';
import { fill } from '../support/filled-log.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { PROGRAM } from '../support/purser-process.ts';
import { rounds } from '../support/rounds.ts';
import { createTestIssuer } from '../support/tokens.ts';

const EVENTS = rounds({ usual: 20_000, torture: 50_000 });
/** What V8 may keep: a doctor that kept the events would need more. */
const HEAP_MIB = 48;
/** Of the whole process. Measured: 149 MiB for 20,000 events, 150 MiB for 100,000. */
const MOST_MIB = 220;

/** Runs `purser doctor`, and gives its report and the most memory that its process took. */
async function examined(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, PROGRAM, 'doctor', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let peakMiB = 0;
  const sampling = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  }, 200);
  const [[code, signal], stdout] = await Promise.all([once(child, 'exit'), text(child.stdout)]);
  clearInterval(sampling);
  const report: { checks: CheckResult[] } = JSON.parse(stdout || '{"checks":[]}');
  return { code, signal, report, peakMiB };
}

it(`purser doctor examines ${EVENTS} events within a memory that does not follow their number`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-memory-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { connectionString } = await createTestDatabase();
  const env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: connectionString,
    PURSER_DATA_DIR: folder,
    JWT_ISSUERS: createTestIssuer().jwtIssuers,
    LOG_LEVEL: 'silent',
  };
  await fill(env, EVENTS);
  const { code, signal, report, peakMiB } = await examined(env);
  // The vault is empty, as the events were not written by a service.
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  const failed = report.checks.filter(({ status }) => status !== 'ok').map(({ check }) => check);
  expect(failed).toEqual(['vault and log', 'secrets']);
  expect(report.checks.find(({ check }) => check === 'event log')?.found).toContain(`${EVENTS} events read`);
  expect(peakMiB).toBeGreaterThan(50);
  expect(peakMiB).toBeLessThan(MOST_MIB);
}, 600_000);
