/** Day 0. Later than the real year of any run, so that the chores of the running services have nothing to do. */
export const BEGIN = Date.parse('2100-01-01T00:00:00.000Z');
export const MINUTE = 1 / 1440;

/** Times are days since the begin. */
export interface Details {
  readonly expiresAt?: number;
  readonly rotateEveryDays?: number;
  readonly mint?: boolean;
}

/** What can be done with one registry. */
export interface Hands {
  create(details: Details): Promise<unknown>;
  update(details: Details): Promise<unknown>;
  rotate(details: Details): Promise<unknown>;
  stage(details: Details): Promise<unknown>;
  activate(version: number, grace: { readonly graceHours: number }): Promise<unknown>;
  abandon(version: number): Promise<unknown>;
  delete(): Promise<unknown>;
  issue(lease: { readonly hours: number }): Promise<unknown>;
  /** As a person who asks for it. */
  test(): Promise<unknown>;
  /** From now on the registry, or its cloud, refuses logins. */
  refuse(): Promise<unknown>;
  accept(): Promise<unknown>;
  lose(): Promise<unknown>;
}
type Doing = (on: Hands) => Promise<unknown>;

/**
 * What happens to each registry in the year, and what people hear of it, with the day (and its minute). A check comes with
 * the first round after a new version, and 30 to 36 days after the last test: a fifth of the interval is spread by id.
 */
export const STORY: Readonly<
  Record<string, { readonly doings: Readonly<Record<number, Doing>>; readonly heard: string[] }>
> = {
  'left-alone': {
    doings: { 0: (on) => on.create({ expiresAt: 300 }) },
    heard: [
      '270 EXPIRING in 30 days',
      '286 EXPIRING in 14 days',
      '293 EXPIRING in 7 days',
      '297 EXPIRING in 3 days',
      '299 EXPIRING in 24 hours',
      '300 EXPIRED',
    ],
  },
  'rotated-in-time': {
    doings: { 0: (on) => on.create({ expiresAt: 100 }), 95: (on) => on.rotate({ expiresAt: 195 }) },
    heard: [
      ...['70 EXPIRING in 30 days', '86 EXPIRING in 14 days', '93 EXPIRING in 7 days', '95 ROTATED'],
      ...[
        '165 EXPIRING in 30 days',
        '181 EXPIRING in 14 days',
        '188 EXPIRING in 7 days',
        '192 EXPIRING in 3 days',
        '194 EXPIRING in 24 hours',
        '195 EXPIRED',
      ],
    ],
  },
  'another-date': {
    doings: { 0: (on) => on.create({ expiresAt: 60 }), 55: (on) => on.update({ expiresAt: 90 }) },
    heard: [
      ...['30 EXPIRING in 30 days', '46 EXPIRING in 14 days', '53 EXPIRING in 7 days'],
      ...[
        '60 EXPIRING in 30 days',
        '76 EXPIRING in 14 days',
        '83 EXPIRING in 7 days',
        '87 EXPIRING in 3 days',
        '89 EXPIRING in 24 hours',
        '90 EXPIRED',
      ],
    ],
  },
  'there-and-back': {
    doings: {
      0: (on) => on.create({ expiresAt: 60 }),
      40: (on) => on.update({ expiresAt: 65 }),
      41: (on) => on.update({ expiresAt: 60 }),
      58: (on) => on.delete(),
    },
    heard: [
      // Each date is announced as a new one: on day 41 that of day 60 too.
      ...['30 EXPIRING in 30 days', '40 EXPIRING in 25 days', '41 EXPIRING in 19 days'],
      ...['46 EXPIRING in 14 days', '53 EXPIRING in 7 days', '57 EXPIRING in 3 days', '58 DELETED'],
    ],
  },
  'there-and-back-unheard': {
    doings: {
      0: (on) => on.create({ expiresAt: 60 }),
      40: (on) => on.update({ expiresAt: 200 }),
      41: (on) => on.update({ expiresAt: 60 }),
      58: (on) => on.delete(),
    },
    heard: [
      // Of day 200 nobody heard; still, day 60 is a new expiry on day 41.
      ...['30 EXPIRING in 30 days', '41 EXPIRING in 19 days'],
      ...['46 EXPIRING in 14 days', '53 EXPIRING in 7 days', '57 EXPIRING in 3 days', '58 DELETED'],
    ],
  },
  'known-late': {
    doings: { 0: (on) => on.create({}), 100: (on) => on.update({ expiresAt: 105 }) },
    heard: ['100 EXPIRING in 5 days', '102 EXPIRING in 3 days', '104 EXPIRING in 24 hours', '105 EXPIRED'],
  },
  'an-hour': {
    doings: { 10: (on) => on.create({ expiresAt: 10 + 60 * MINUTE }), 11: (on) => on.delete() },
    heard: ['10:45 EXPIRING in 15 minutes', '10:54 EXPIRING in 6 minutes', '10:60 EXPIRED', '11 DELETED'],
  },
  'while-nothing-ran': {
    doings: { 0: (on) => on.create({ expiresAt: 229 }) },
    heard: ['199 EXPIRING in 30 days', '230 EXPIRED'],
  },
  overdue: {
    doings: { 0: (on) => on.create({ rotateEveryDays: 90 }), 120: (on) => on.rotate({}), 250: (on) => on.rotate({}) },
    heard: ['90 ROTATION_OVERDUE', '120 ROTATED', '210 ROTATION_OVERDUE', '250 ROTATED', '340 ROTATION_OVERDUE'],
  },
  'overdue-again': {
    doings: {
      0: (on) => on.create({ rotateEveryDays: 90 }),
      100: (on) => on.update({ rotateEveryDays: 200 }),
      101: (on) => on.update({ rotateEveryDays: 90 }),
      110: (on) => on.delete(),
    },
    heard: ['90 ROTATION_OVERDUE', '101 ROTATION_OVERDUE', '110 DELETED'],
  },
  deleted: {
    doings: { 0: (on) => on.create({ expiresAt: 50 }), 40: (on) => on.delete() },
    heard: ['20 EXPIRING in 30 days', '36 EXPIRING in 14 days', '40 DELETED'],
  },
  'deleted-and-created-again': {
    doings: {
      0: (on) => on.create({ expiresAt: 50 }),
      21: (on) => on.delete(),
      22: (on) => on.create({ expiresAt: 62 }),
      45: (on) => on.delete(),
    },
    heard: ['20 EXPIRING in 30 days', '21 DELETED', '32 EXPIRING in 30 days', '45 DELETED'],
  },
  minted: {
    doings: {
      0: (on) => on.create({ mint: true }),
      5: (on) => on.issue({ hours: 1 }),
      160: (on) => on.refuse(),
    },
    // Passwords of an hour make none; the cloud's refusal does.
    heard: ['186 AUTHENTICATION_FAILED'],
  },
  staged: {
    doings: {
      0: (on) => on.create({ expiresAt: 120 }),
      85: (on) => on.stage({ expiresAt: 210 }),
      88: async (on) => {
        await on.issue({ hours: 12 });
        await on.activate(2, { graceHours: 24 });
      },
    },
    heard: [
      ...['85 STAGED', '88 ROTATED', '88:720 RETIRED'],
      ...[
        '180 EXPIRING in 30 days',
        '196 EXPIRING in 14 days',
        '203 EXPIRING in 7 days',
        '207 EXPIRING in 3 days',
        '209 EXPIRING in 24 hours',
        '210 EXPIRED',
      ],
    ],
  },
  'grace-over': {
    doings: {
      140: (on) => on.create({}),
      141: (on) => on.stage({}),
      142: async (on) => {
        await on.issue({ hours: 24 });
        await on.activate(2, { graceHours: 12 });
      },
    },
    heard: ['141 STAGED', '142 ROTATED', '142:720 RETIRED'],
  },
  'grace-over-while-nothing-ran': {
    doings: {
      0: (on) => on.create({}),
      209: (on) => on.stage({}),
      210.5: async (on) => {
        await on.issue({ hours: 24 });
        await on.activate(2, { graceHours: 24 });
      },
    },
    heard: ['209 STAGED', '210:720 ROTATED', '230 RETIRED'],
  },
  'without-grace': {
    doings: {
      0: (on) => on.create({}),
      50: (on) => on.stage({}),
      51: (on) => on.activate(2, { graceHours: 0 }),
    },
    heard: ['50 STAGED', '51 ROTATED'],
  },
  'rotated-during-grace': {
    doings: {
      0: (on) => on.create({}),
      148: (on) => on.stage({}),
      149: async (on) => {
        await on.issue({ hours: 24 });
        await on.activate(2, { graceHours: 24 });
      },
      149.5: (on) => on.rotate({}),
    },
    heard: ['148 STAGED', '149 ROTATED', '149:720 RETIRED', '149:720 ROTATED'],
  },
  abandoned: {
    doings: {
      0: (on) => on.create({}),
      20: (on) => on.stage({}),
      25: (on) => on.abandon(2),
      30: (on) => on.stage({}),
      31: (on) => on.stage({}),
      32: (on) => on.rotate({}),
      33: (on) => on.stage({}),
      34: (on) => on.delete(),
    },
    heard: [
      ...['20 STAGED', '25 ABANDONED', '30 STAGED', '31 ABANDONED', '31 STAGED', '32 ABANDONED', '32 ROTATED'],
      ...['33 STAGED', '34 DELETED'],
    ],
  },
  refused: {
    doings: {
      20: async (on) => {
        await on.refuse();
        await on.create({});
      },
      // The check before finds nothing new, and the test of a person neither.
      85: (on) => on.test(),
      90: async (on) => {
        await on.accept();
        await on.test();
      },
      100: (on) => on.refuse(),
      200: (on) => on.rotate({}),
      201: async (on) => {
        await on.accept();
        await on.rotate({});
      },
    },
    // Of a version that works nobody hears that another one did not.
    heard: [
      '20 AUTHENTICATION_FAILED',
      '90 RECOVERED',
      '123:720 AUTHENTICATION_FAILED',
      '200 ROTATED',
      '200 AUTHENTICATION_FAILED',
      '201 ROTATED',
    ],
  },
  recovered: {
    doings: {
      40: (on) => on.create({}),
      41: (on) => on.refuse(),
      80: (on) => on.accept(),
      150: (on) => on.delete(),
    },
    heard: ['74 AUTHENTICATION_FAILED', '108 RECOVERED', '150 DELETED'],
  },
  'refused-to-a-person': {
    doings: {
      60: (on) => on.create({}),
      61: async (on) => {
        await on.refuse();
        await on.test();
      },
      130: (on) => on.delete(),
    },
    // The person knows; of the check people hear.
    heard: ['92:720 AUTHENTICATION_FAILED', '130 DELETED'],
  },
  lost: {
    doings: { 0: (on) => on.create({}), 180: (on) => on.lose(), 185: (on) => on.rotate({}) },
    heard: ['180 NEEDS_CREDENTIAL', '185 ROTATED'],
  },
};
