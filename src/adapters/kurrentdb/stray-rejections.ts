/** Modules of the client, and of the transport that nothing else uses. */
const OF_THE_CLIENT = /[\\/]node_modules[\\/]@(?:kurrent|grpc)[\\/]/;

const reporters = new Set<(error: Error) => void>();

/**
 * The client leaves promises behind that reject without a handler, where no caller can handle them: for instance while the
 * server breaks a connection and its cluster elects a leader. Node would end the process. From the first call on such a
 * rejection is reported instead: the call that it belongs to has its own time limit. All others end the process as before.
 * @returns what ends the reports
 */
export function reportStrayRejections(report: (error: Error) => void): () => void {
  if (!process.listeners('unhandledRejection').includes(onRejection)) process.on('unhandledRejection', onRejection);
  reporters.add(report);
  return () => reporters.delete(report);
}

function onRejection(reason: unknown): void {
  if (!(reason instanceof Error) || !OF_THE_CLIENT.test(madeIn(reason))) throw reason;
  for (const report of reporters) report(reason);
}

/** The first frame outside of Node. The client also calls our code, whose errors have its frames further down. */
function madeIn({ stack = '' }: Error): string {
  return stack.split('\n').find((line) => /^ +at .*[\\/]/.test(line) && !line.includes('node:')) ?? '';
}
