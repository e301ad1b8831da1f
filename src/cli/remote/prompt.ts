import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CommandError, UsageError } from '../command.ts';

/** As shells have it for Ctrl-C. */
const STOPPED = 130;
const DECLINED = 1;

/** From standard input if told so, as a whole and without the line break at its end; else typed on the terminal, unseen. */
export async function readPassword(fromStandardInput: boolean, question: string): Promise<string> {
  if (!fromStandardInput) return askUnseen(question);
  if (process.stdin.isTTY) return askUnseen(question);
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new UsageError('There is no password on standard input.');
  return password;
}

function askUnseen(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new UsageError('There is no terminal to ask for the password: pipe it in, with --password-stdin.');
  }
  return ask(question, new Writable({ write: (_chunk, _encoding, done) => done() }));
}

/** Goes on only after a yes. @throws CommandError after any other answer, UsageError without a terminal to ask */
export async function confirm(yes: boolean, question: string): Promise<void> {
  if (!yes && !/^y(es)?$/i.test(await answerTo(`${question} [y/N] `))) throw declined();
}

/** As `confirm`, for what cannot be undone: the answer must be this text. */
export async function confirmByTyping(yes: boolean, question: string, expected: string): Promise<void> {
  if (!yes && (await answerTo(`${question} Type ${expected} to go on: `)) !== expected) throw declined();
}

function declined(): CommandError {
  return new CommandError('Nothing was done.', DECLINED);
}

async function answerTo(question: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('There is no terminal to ask on: repeat with --yes to go on.');
  return (await ask(question, process.stderr)).trim();
}

/** What is typed is shown on `echo`. A text of several lines, pasted, is refused: its first line alone would be wrong. */
function ask(question: string, echo: NodeJS.WritableStream): Promise<string> {
  const isHidden = echo !== process.stderr;
  // From here on the terminal itself shows nothing that is typed.
  const lines = createInterface({ input: process.stdin, output: echo, terminal: true, historySize: 0 });
  return new Promise<string>((resolve, reject) => {
    const answers: string[] = [];
    lines.on('line', (line) => {
      // The lines of one paste come in one turn.
      if (answers.push(line) === 1) setImmediate(() => lines.close());
    });
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      if (isHidden) process.stderr.write('\n');
      const [answer, second] = answers;
      if (answer === undefined) reject(new CommandError('Stopped: nothing was done.', STOPPED));
      else if (second !== undefined) reject(new UsageError('The text has several lines: use --password-stdin < file.'));
      else if (isHidden && answer === '') reject(new UsageError('The password must not be empty.'));
      else resolve(answer);
    });
    if (isHidden) process.stderr.write(question);
    lines.setPrompt(question);
    lines.prompt();
  });
}
