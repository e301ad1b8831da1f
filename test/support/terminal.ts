import { spawn } from 'node:child_process';
import { PATIENCE_MS } from './patience.ts';
import { PROGRAM } from './purser-process.ts';
import { until } from './until.ts';

/** The built program on a terminal of its own, as a person has it. Check `skipReason('script')` first. */
export interface TerminalRun {
  /** All that the terminal showed so far. */
  shown(): string;
  /** Waits for this text, then types. */
  answer(question: string, typed: string): Promise<void>;
  /** Resolves with the exit code when the program ends. */
  readonly ended: Promise<number | null>;
}

export function runOnTerminal(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  columns = 100,
): TerminalRun {
  const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${command}`, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: PATIENCE_MS,
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  return {
    shown: () => shown,
    async answer(question, typed) {
      await until(async () => shown.includes(question));
      child.stdin.write(typed);
    },
    ended: new Promise((resolve, reject) => child.on('error', reject).on('close', resolve)),
  };
}
