import { parseArgs } from 'node:util';

export const SCALES = [10_000, 100_000, 1_000_000] as const;
export type Scale = (typeof SCALES)[number];

export interface BenchOptions {
  /** Registries and audit entries of the project that has grown. */
  readonly scale: Scale;
  /** The groups of rows to measure. Undefined for all. */
  readonly only: readonly string[] | undefined;
}

/** `npm run bench -- --scale 100000 --only growth`. @throws Error that says what is possible */
export function parseOptions(args: readonly string[], groups: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { scale: { type: 'string', default: '10000' }, only: { type: 'string' } },
  });
  const scale = SCALES.find((each) => String(each) === values.scale);
  if (scale === undefined) throw new Error(`--scale must be one of ${SCALES.join(', ')}`);
  const only = values.only?.split(',');
  if (only?.some((group) => !groups.includes(group))) {
    throw new Error(`--only must be one or more of ${groups.join(',')}, with commas between them`);
  }
  return { scale, only };
}
