import { open } from 'node:fs/promises';
import { OperatorError } from '../../domain/errors.ts';

const MAX_LINE = 4 * 1024 * 1024;

/** Only the line feed ends a line: texts may hold the other separators. @throws OperatorError */
export async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`The file ${file} cannot be opened (${error.code}).`, { cause: error });
  });
  try {
    let rest = '';
    for await (const chunk of handle.createReadStream({ encoding: 'utf8', autoClose: false })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new OperatorError(`The file ${file} is not an export: a line has no end.`);
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    await handle.close();
  }
}
