import type { FromWorker, ToWorker } from './verification/protocol.ts';
import type {
  CannotVerifyReason,
  VerificationProgress,
  VerificationReport,
  VerificationTask,
} from './verification/run.ts';
import workerUrl from './verification/worker.ts?worker&url';

/** What is verified: files that a person chose, or a log as it arrives. */
export type Subject =
  | { readonly files: readonly File[] }
  | { readonly stream: ReadableStream<Uint8Array<ArrayBuffer>> };

export type VerificationResult =
  | { readonly kind: 'done'; readonly report: VerificationReport }
  | { readonly kind: 'refused'; readonly reason: CannotVerifyReason; readonly file: string | undefined }
  | { readonly kind: 'failed'; readonly message: string };

export interface RunningVerification {
  /** Rejects with what broke the stream. Never settles once it was cancelled. */
  readonly result: Promise<VerificationResult>;
  cancel(): void;
}

interface TrustedScripts {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    /** An object that stands for the address; the types of the DOM know only texts. */
    createScriptURL(url: string): string;
  };
}

declare global {
  interface Window {
    readonly trustedTypes?: TrustedScripts;
  }
}

let policy: ReturnType<TrustedScripts['createPolicy']> | undefined;

/** The content security policy lets this one policy make addresses of scripts, and it lets only the worker's through. */
function workerAddress(): string {
  if (window.trustedTypes === undefined) return workerUrl;
  policy ??= window.trustedTypes.createPolicy('purser-worker', {
    createScriptURL(url) {
      if (url !== workerUrl) throw new TypeError('only the worker of the verification may be started');
      return url;
    },
  });
  return policy.createScriptURL(workerUrl);
}

export function startVerification(
  task: VerificationTask,
  subject: Subject,
  onProgress: (progress: VerificationProgress) => void,
): RunningVerification {
  const worker = new Worker(workerAddress(), { type: 'module', name: 'purser-verification' });
  const reader = 'stream' in subject ? subject.stream.getReader() : undefined;
  const tell = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);

  async function sendPiece(): Promise<void> {
    const next = await reader?.read();
    if (next === undefined || next.done) return tell({ kind: 'end' });
    // A copy of its own: what the network layer keeps must not be taken from it.
    const bytes = next.value.slice();
    tell({ kind: 'piece', bytes }, [bytes.buffer]);
  }

  function stop(): void {
    worker.terminate();
    void reader?.cancel().catch(() => undefined);
  }

  const result = new Promise<VerificationResult>((resolve, reject) => {
    const finish = (outcome: VerificationResult) => {
      stop();
      resolve(outcome);
    };
    const fail = (error: unknown) => {
      stop();
      reject(error);
    };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      fail(new Error(event.message || 'the worker could not be started'));
    });
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      switch (data.kind) {
        case 'more':
          void sendPiece().catch(fail);
          break;
        case 'progress':
          onProgress(data);
          break;
        default:
          finish(data);
      }
    });
  });
  tell({ kind: 'start', task, files: 'files' in subject ? subject.files : undefined });
  return { result, cancel: stop };
}
