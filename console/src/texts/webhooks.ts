/** Webhooks of the operator, and the deliveries to them. */
export const WEBHOOKS = {
  title: 'Webhooks',
  intro: 'Where the operator has notices of this project sent, and how far each of them is.',
  what: 'webhooks',
  table: 'Webhooks that hear of this project',
  columns: { name: 'Webhook', host: 'Host', kinds: 'Hears of', state: 'State' },
  allKinds: 'all notices',
  states: { enabled: 'Enabled', disabled: 'Disabled', paused: 'Paused' },
  disabled: {
    title: (names: string) => `Disabled: ${names}`,
    text: 'The receiver answered 410 (gone), so nothing is sent to it. It is enabled when the operator changes its URL or secret, or when one of its deliveries is replayed. Until then deliveries wait, each for seven days at most.',
  },
  empty: {
    title: 'No webhook hears of this project',
    text: 'The operator of the service adds receivers by the setting WEBHOOKS: a URL, a secret that signs, and the projects and kinds of notices.',
  },
} as const;

export const DELIVERIES = {
  title: 'Deliveries',
  one: 'delivery',
  what: 'deliveries',
  table: 'Deliveries to webhooks, newest first',
  columns: {
    notice: 'Notice',
    webhook: 'Webhook',
    state: 'State',
    attempts: 'Attempts',
    next: 'When',
    actions: 'Actions',
  },
  filters: { state: 'State', webhook: 'Webhook' },
  empty: {
    title: 'Nothing was sent in the last 30 days',
    text: 'A notice goes out to each webhook that hears of its kind. Deliveries are kept for 30 days after they ended.',
  },
  nothingFound: {
    title: 'No delivery matches',
    text: 'None has the state and the webhook that the filters ask for.',
    clear: 'Clear the filters',
  },
  next: 'next',
  last: 'last',
  none: 'none yet',
  due: 'waiting',
  /** Why one that is pending is not sent. */
  holds: {
    disabled: {
      word: 'webhook disabled',
      title: 'It waits: the webhook is disabled',
      text: 'It is sent when the webhook is enabled: when the operator changes its URL or secret, or when one of its deliveries is replayed. After seven days it is given up.',
    },
    paused: {
      word: 'webhook paused',
      title: 'It waits: the webhook is paused',
      text: 'The receiver asked to be left alone for a while. After that it is sent; if that takes seven days, it is given up.',
    },
    removed: {
      word: 'not configured',
      title: 'It waits: the webhook no longer hears of this',
      text: 'The operator took the webhook, this project or this kind of notice out of the setting WEBHOOKS. If it is not put back within seven days, the delivery is given up.',
    },
  },
  replay: {
    action: 'Replay',
    actionFor: (kind: string, url: string) => `Replay “${kind}” of ${url}`,
    done: 'It is being sent again',
    doneText: 'With the same webhook-id, and with all attempts if it fails.',
    failed: 'It could not be replayed',
    explained:
      'A replay sends the notice at once, with the same webhook-id, so a receiver that had it already can tell; it enables a disabled webhook.',
  },
  details: {
    title: (kind: string) => `Delivery: ${kind}`,
    answer: 'Last answer',
    answerOf: (statusClass: number) => `${statusClass}xx`,
    registry: 'Registry',
    webhook: 'Webhook',
    happened: 'Happened',
    queued: 'Queued',
    lastAttempt: 'Last attempt',
    nextAttempt: 'Next attempt',
    ended: { DELIVERED: 'Delivered', DEAD_LETTER: 'Given up', PENDING: 'Ended' },
    attempts: 'Attempts',
    eventId: 'webhook-id',
    whatEventId: 'the webhook-id',
  },
  /** Why an attempt failed, and what mends it. */
  faults: {
    FORGED: {
      word: 'Forged',
      text: 'Purser did not queue this notice, or it was changed since: somebody else can write to the database. It was not sent. Tell the operator at once.',
    },
    GONE: {
      word: 'Gone (410)',
      text: 'The receiver wants no more notices, and its webhook was disabled. If that was a mistake, replay a delivery: that enables it.',
    },
    MALFORMED_ANSWER: {
      word: 'Not HTTP',
      text: 'What answered does not speak HTTP. The operator should check the port and whether the URL needs https.',
    },
    PROXY_FAILED: {
      word: 'Proxy failed',
      text: 'The operator’s proxy cannot be reached, or refuses. Deliveries go on when it is back.',
    },
    REDIRECTED: {
      word: 'Redirected',
      text: 'The receiver answered with a redirect, and none is followed: the operator must configure the new URL.',
    },
    REFUSED: {
      word: 'Refused (4xx)',
      text: 'The receiver refuses the notice: often the secret or the path is wrong. Mend the receiver, or have the operator change the setting, then replay.',
    },
    SERVER_ERROR: {
      word: 'Server error (5xx)',
      text: 'The receiver failed while it took the notice. Its own log says why.',
    },
    TARGET_NOT_ALLOWED: {
      word: 'Address not allowed',
      text: 'The address is not on the public internet, and the operator has not opened it: its entry in EGRESS_ALLOW is missing.',
    },
    THROTTLED: {
      word: 'Overloaded',
      text: 'The receiver asked to be left alone (429, 502 or 504). It gets no delivery for a while, then all go on.',
    },
    TIMED_OUT: {
      word: 'Timed out',
      text: 'There was no complete answer within 20 seconds. A receiver should answer first and work afterwards.',
    },
    TLS_INVALID: {
      word: 'Certificate not trusted',
      text: 'The certificate may have expired, have another name, or be of a private authority, which the operator gives as caCertificate.',
    },
    UNREACHABLE: {
      word: 'Not reached',
      text: 'The name does not exist, or the port is closed or filtered. Check that the receiver runs and can be reached from the service.',
    },
  },
} as const;
