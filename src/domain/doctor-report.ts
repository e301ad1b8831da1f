/** What `purser doctor` looks at, in the order of its lines. */
export const CHECKS = [
  'configuration',
  'database',
  'data folder',
  'migrations',
  'keys',
  'event log',
  'vault and log',
  'projection',
  'read models',
  'audit chains',
  'signed heads',
  'anchors',
  'anchoring',
  'audit retention',
  'secrets',
  'pending secrets',
  'destroyed secrets',
  'webhooks',
] as const;

export type CheckName = (typeof CHECKS)[number];

/** From good to bad. */
export const CHECK_STATUSES = ['ok', 'warning', 'failed'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** What a check found. */
export interface Finding {
  readonly status: CheckStatus;
  /** What is so, in words. */
  readonly found: string;
  /** What to do. Null if all is well. */
  readonly fix: string | null;
  /** What `--repair` did. Null if it did nothing. */
  readonly repaired: string | null;
}

export interface CheckResult extends Finding {
  readonly check: CheckName;
}

export function ok(found: string, repaired: string | null = null): Finding {
  return { status: 'ok', found, fix: null, repaired };
}

export function warning(found: string, fix: string, repaired: string | null = null): Finding {
  return { status: 'warning', found, fix, repaired };
}

export function failed(found: string, fix: string, repaired: string | null = null): Finding {
  return { status: 'failed', found, fix, repaired };
}

/** The check needs what an earlier one has found to be broken. */
export function notChecked(because: CheckName): Finding {
  return failed(`not checked, because of: ${because}`, 'Correct that first.');
}

export function worstOf(results: readonly CheckResult[]): CheckStatus {
  const ranks = results.map(({ status }) => CHECK_STATUSES.indexOf(status));
  return CHECK_STATUSES[Math.max(0, ...ranks)] ?? 'failed';
}

const EXIT_CODES: Readonly<Record<CheckStatus, number>> = { ok: 0, failed: 1, warning: 3 };

/** 2 is a mistake in the command line, for every command. */
export function exitCodeOf(status: CheckStatus): number {
  return EXIT_CODES[status];
}

const STATUS_WIDTH = Math.max(...CHECK_STATUSES.map((status) => status.length));
const NAME_WIDTH = Math.max(...CHECKS.map((check) => check.length));

/** One line, without its end. */
export function reportLine({ status, check, found, fix, repaired }: CheckResult): string {
  const parts = [
    `${status.padEnd(STATUS_WIDTH)}  ${check.padEnd(NAME_WIDTH)}  ${found}.`,
    ...(repaired === null ? [] : [`Repaired: ${repaired}.`]),
    ...(fix === null ? [] : [`Fix: ${fix}`]),
  ];
  return parts.join(' ').replaceAll(/[\r\n]+/g, ' ');
}

/** `1 event`, `2 events`, `no event`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return count === 0 ? `no ${one}` : `${count} ${count === 1 ? one : many}`;
}

const NAMED = 5;

/** The first few, and how many more there are: a line stays readable, whatever is broken. */
export interface Examples {
  readonly count: number;
  /** `a, b and 3 more`. */
  readonly text: string;
  add(example: string): void;
}

export function createExamples(): Examples {
  const first: string[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    get text() {
      const more = count - first.length;
      return first.join(', ') + (more > 0 ? ` and ${more} more` : '');
    },
    add(example) {
      count += 1;
      if (first.length < NAMED) first.push(example);
    },
  };
}
