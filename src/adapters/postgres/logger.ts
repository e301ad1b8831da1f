/** The part of a pino logger that the Postgres adapters write to. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const SILENT: Logger = { info() {}, warn() {}, error() {} };

/**
 * The loggable part of an error. The server's messages and details quote values ("Key (x)=(…)", "Failing row
 * contains …"), so its errors keep only the code and the names of schema, table and constraint.
 */
export function loggable(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  const { code, severity, schema, table, constraint } = error as Error & Record<string, unknown>;
  if (severity !== undefined) return { error: error.name, code, severity, schema, table, constraint };
  return { error: error.name, code, message: error.message };
}
