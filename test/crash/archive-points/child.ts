import { access } from 'node:fs';
import { runProgram } from '../../../src/cli/program.ts';
import type { Step } from './changes.ts';
import { STEP_IN_TRACE } from './order-on-disk.ts';

/** A command of Purser in a process of its own, which dies at the step that it is told of. */
const atStep = (step: Step) => {
  if (step === process.env.DIE_AT) process.kill(process.pid, 'SIGKILL');
  access(STEP_IN_TRACE + step, () => undefined);
};
Object.assign(globalThis, { atStep });
process.exitCode = await runProgram(process.argv.slice(2), process.env, process);
