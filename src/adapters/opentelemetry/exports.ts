/** An exporter of the SDK, of spans or of metrics. */
interface Exporter<Batch> {
  export(batch: Batch, done: (result: { readonly code: number }) => void): void;
}

const SUCCESS = 0;
const QUIET_MS = 60_000;

/** Tells the operator of failed exports, at most once a minute. */
export function createFailureReport(report: (failed: number) => void, now: () => number) {
  let failed = 0;
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (): void => {
    failed += 1;
    if (now() < quietUntil) return;
    quietUntil = now() + QUIET_MS;
    report(failed);
    failed = 0;
  };
}

/** Changes the exporter to call `onFailure`. The SDK's own report goes to a global logger, and quotes the collector. */
export function watched<Batch, Watched extends Exporter<Batch>>(exporter: Watched, onFailure: () => void): Watched {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      if (result.code !== SUCCESS) onFailure();
      done(result);
    });
  return exporter;
}
