import type { TokenSource } from '../../api/token-source.ts';
import { type ExportFile, openExportFile } from './export-file.ts';
import { type ExportAsked, openExport } from './export-request.ts';

export interface ExportProgress {
  readonly bytes: number;
  readonly perSecond: number;
}

export type ExportOutcome =
  | { readonly kind: 'done'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'broken' };

/** How often progress is told, in milliseconds. */
const TOLD_EVERY_MS = 200;

/** `demo-audit-2026-03-01.ndjson`, with what may stand in the name of a file. */
export function exportName({ projectId, format }: ExportAsked, now: Date): string {
  const project = projectId.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60);
  return `${project}-audit-${now.toISOString().slice(0, 10)}.${format}`;
}

/** Writes the export while it arrives. What the service refuses before that is thrown. @throws ApiError, OfflineError, SignedOutError */
export async function runExport(
  tokens: TokenSource,
  asked: ExportAsked,
  signal: AbortSignal,
  onProgress: (progress: ExportProgress) => void,
): Promise<ExportOutcome> {
  // First of all, as the browser asks for a file only while the reader's press is fresh.
  const file = await openExportFile(exportName(asked, new Date()));
  if (file === undefined) return { kind: 'cancelled' };
  let stream: Awaited<ReturnType<typeof openExport>>;
  try {
    stream = await openExport(tokens, asked, signal);
  } catch (error) {
    await giveUp(file);
    if (signal.aborted) return { kind: 'cancelled' };
    throw error;
  }
  const meter = createMeter(onProgress);
  try {
    await stream.pipeThrough(meter.stream).pipeTo(file.writable, { signal });
    await file.finish();
    return { kind: 'done', name: file.name, bytes: meter.bytes() };
  } catch {
    await file.discard();
    return { kind: signal.aborted ? 'cancelled' : 'broken' };
  }
}

async function giveUp(file: ExportFile): Promise<void> {
  await file.writable.abort().catch(() => undefined);
  await file.discard();
}

function createMeter(onProgress: (progress: ExportProgress) => void) {
  const began = performance.now();
  let bytes = 0;
  let told = began;
  return {
    bytes: () => bytes,
    stream: new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        bytes += piece.length;
        const now = performance.now();
        if (now - told >= TOLD_EVERY_MS) {
          told = now;
          onProgress({ bytes, perSecond: (bytes * 1000) / (now - began) });
        }
        controller.enqueue(piece);
      },
    }),
  };
}
