import * as z from 'zod';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Providers treat more frequent logins as an attack. */
const MIN_CHECK_INTERVAL_MS = 5 * UNIT_MS.m;

export const OFF = 'off';
/** In production, unless something else is set. */
const CHECK_INTERVAL_MS = UNIT_MS.d;

function millisecondsOf(text: string): number {
  return Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS];
}

/** How long something is kept, in milliseconds. Undefined: always. */
export const retention = (byDefault: string, form: string) =>
  z
    .string()
    .regex(/^(?:off|[1-9]\d{0,4}d)$/, `must be a number of days such as ${form}`)
    .default(byDefault)
    .transform((text) => (text === OFF ? undefined : millisecondsOf(text)));
export const listed = retention('90d', '90d (the default), or off');

export const checkInterval = z
  .string()
  .regex(/^(?:off|[1-9]\d{0,4}[mhd])$/, 'must be a time such as 30m, 6h or 1d, or off')
  .transform((text) => (text === OFF ? OFF : millisecondsOf(text)))
  .refine((interval) => interval === OFF || interval >= MIN_CHECK_INTERVAL_MS, 'must be 5m or longer')
  .optional();

/** Milliseconds between two checks. Undefined: no checks. */
export function checkIntervalMs(set: z.infer<typeof checkInterval>, production: boolean): number | undefined {
  if (set === OFF) return undefined;
  return set ?? (production ? CHECK_INTERVAL_MS : undefined);
}
