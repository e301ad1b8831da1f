import type { CannotVerifyReason, VerificationProgress, VerificationReport, VerificationTask } from './run.ts';

/** What the page tells the worker. */
export type ToWorker =
  /** `files`: undefined if the log comes piece by piece. */
  | { readonly kind: 'start'; readonly task: VerificationTask; readonly files: readonly File[] | undefined }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/** What the worker tells the page. */
export type FromWorker =
  /** The next piece may come. */
  | { readonly kind: 'more' }
  | ({ readonly kind: 'progress' } & VerificationProgress)
  | { readonly kind: 'done'; readonly report: VerificationReport }
  | { readonly kind: 'refused'; readonly reason: CannotVerifyReason; readonly file: string | undefined }
  | { readonly kind: 'failed'; readonly message: string };
