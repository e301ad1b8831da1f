export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** With a comma as the thousands separator. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function perSecond(value: number): string {
  return `${whole(value)}/s`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

export function megabytes(bytes: number): string {
  return `${whole(bytes / 1024 / 1024)} MB`;
}

export function ratio(value: number): string {
  return value.toFixed(2);
}
