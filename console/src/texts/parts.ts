/** What the shared parts say by themselves; all else comes from the view. */
export const PARTS = {
  close: 'Close',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  clear: 'Clear',
  optional: '(optional)',
  nothingFound: 'Nothing found',
  messages: 'Messages',
  about: (word: string) => `About ${word}`,
  show: (label: string) => `Show ${label.toLowerCase()}`,
  today: 'Today',
  all: (count: number) => `Show all ${count}`,
  fewer: 'Show fewer',
} as const;

export const LOADING = {
  what: (what: string) => `Loading ${what}`,
} as const;

export const FAILED = {
  title: 'This could not be loaded',
  again: 'Try again',
  request: 'request',
  requestId: 'the request id',
} as const;

export const OFFLINE = {
  title: 'The service cannot be reached',
  text: 'Nothing is lost: this page goes on by itself when the connection is back.',
  again: 'Try now',
} as const;

export const PAGES = {
  more: 'Load more',
  long: 'So long a list is not kept up to date.',
  restart: 'Read it from the start',
  of: (total: string) => `of ${total}`,
  label: (what: string) => `Pages of ${what}`,
  newer: 'Newer',
  older: 'Older',
} as const;

export const COPY = {
  label: (what: string) => `Copy ${what}`,
  copied: 'Copied',
  refused: 'The browser does not allow it: select the text instead',
} as const;

export const DATE = {
  missing: (parts: string) =>
    `Still missing: ${parts}. A date is kept with all of its parts; for none, empty them all.`,
} as const;

export const CHIPS = {
  label: 'Filters in force',
  remove: 'Remove',
  clear: 'Clear all',
} as const;

export const STEPS = { done: 'Done', current: 'Current step', coming: 'Not started' } as const;

export const CHART = {
  from: 'From',
  range: 'Choose a range: arrow keys with Shift extend it, Escape clears it',
} as const;
