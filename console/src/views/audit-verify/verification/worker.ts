import type { FromWorker, ToWorker } from './protocol.ts';
import { CannotVerify, type Source, type VerificationTask, verifySources } from './run.ts';

/** Verifies beside the page, so that the page stays quick. */
const PROGRESS_EVERY_MS = 100;

type Take = (bytes: Uint8Array | undefined) => void;

/** Who waits for the next piece. One piece is under way at a time. */
let waiting: Take | undefined;

const tell = (message: FromWorker) => postMessage(message);

function fileSource(file: File): Source {
  return {
    name: file.name,
    size: file.size,
    async *read(from = 0) {
      const reader = file.slice(from).stream().getReader();
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
      } finally {
        // What was read as far as it was of interest is not read to its end.
        await reader.cancel();
      }
    },
  };
}

function pieceSource(): Source {
  return {
    name: '',
    size: undefined,
    async *read() {
      for (;;) {
        const next = await new Promise<Uint8Array | undefined>((resolve) => {
          waiting = resolve;
          tell({ kind: 'more' });
        });
        if (next === undefined) return;
        yield next;
      }
    },
  };
}

async function verify(task: VerificationTask, files: readonly File[] | undefined): Promise<void> {
  let told = 0;
  const sources = files === undefined ? [pieceSource()] : files.map(fileSource);
  try {
    const report = await verifySources(task, sources, (progress) => {
      if (performance.now() - told < PROGRESS_EVERY_MS) return;
      told = performance.now();
      tell({ kind: 'progress', ...progress });
    });
    tell({ kind: 'progress', entries: report.verdict.entries, bytes: report.bytes });
    tell({ kind: 'done', report });
  } catch (error) {
    if (error instanceof CannotVerify) tell({ kind: 'refused', reason: error.reason, file: error.file });
    else tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'start':
      void verify(data.task, data.files);
      break;
    case 'piece':
      waiting?.(data.bytes);
      break;
    default:
      waiting?.(undefined);
  }
});
