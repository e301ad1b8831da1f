import { ERROR_CODES, type ErrorCode, type ErrorDetails } from './errors.ts';

interface Entry<Code extends ErrorCode> {
  /** What has happened. */
  readonly when: string;
  /** HTTP status of an answer without data whose first error this is, as `application/graphql-response+json`. */
  readonly status: 400 | 401 | 403 | 404 | 409 | 422 | 429 | 500 | 503;
  /** What each detail in `extensions` holds. */
  readonly details: { readonly [Name in keyof ErrorDetails<Code>]-?: string };
  /** What a client should do. */
  readonly advice: string;
}

/** Every code of the contract. Texts enclose code in backticks, and have no other markup. Only the details named here leave the service. */
export const ERROR_REFERENCE: { readonly [Code in ErrorCode]: Entry<Code> } = {
  UNAUTHENTICATED: {
    when: 'The request has no token, or one that is expired, of an unknown issuer or otherwise not valid.',
    status: 401,
    details: {},
    advice: 'Get a new token, then repeat the request once. If that fails too, check issuer and audience of the token.',
  },
  FORBIDDEN: {
    when: 'The token lacks the permission for this project, or the request asks to push with a credential that is for pulling only.',
    status: 403,
    details: {},
    advice: 'Do not repeat. Ask for the permission; for pushing, set `access: PULL_AND_PUSH` on the registry.',
  },
  NOT_FOUND: {
    when: 'The project has no such registry, lease or staged credential. It never existed, was deleted, or belongs to another project.',
    status: 404,
    details: {},
    advice: 'Do not repeat. Read the list again.',
  },
  BAD_USER_INPUT: {
    when: 'A value in the request is not valid. The message says what is wrong with it and how to write it.',
    status: 422,
    details: { field: 'the input field or variable at fault, if there is one' },
    advice: 'Show the message at the field, and let the user correct it.',
  },
  REGISTRY_ALREADY_EXISTS: {
    when: 'The project has a registry with this URL already.',
    status: 409,
    details: { field: '`url`' },
    advice: 'Read it with `registryByUrl`; update it, or delete it first.',
  },
  REVISION_CONFLICT: {
    when: 'The registry has changed since it was read, or many requests are changing it at the same time.',
    status: 409,
    details: { field: '`expectedRevision`, if the request had one' },
    advice: 'Read the registry again, show what changed, and repeat the change with the new revision.',
  },
  REGISTRY_IN_USE: {
    when: 'Leases are active, and the request did not say to go on anyway.',
    status: 409,
    details: {
      activeLeases: 'how many leases are active',
      leases: 'at most 20 of them, those that end last first, each with its `id`, `pipeline`, `runId` and `expiresAt`',
    },
    advice:
      'Show the user who uses it. To go on, repeat with `force: true` (delete) or `whenInUse: PROCEED` (rotate), or end them with `revokeLeases`; or wait.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    when: 'The `idempotencyKey` was used before for a request with other values.',
    status: 422,
    details: { field: '`idempotencyKey`' },
    advice: 'Use a new key for a new request. A repeated request must have the same values as the first.',
  },
  VERIFICATION_FAILED: {
    when: '`verify` was set, and the login at the registry was not proved, or a staged credential proved less than the active one. Nothing was changed.',
    status: 422,
    details: {
      outcome: "the test's outcome, such as `AUTHENTICATION_FAILED`",
      staged:
        'of `activateCredential`: what the test of the staged version found (`outcome`, `advice`, `login`, `pull`, `push`, `repository`)',
      active: 'the same for the active version, tested at the same moment; null if its password is missing',
    },
    advice: 'Show the message, which says what to do. Repeat with other values, or without `verify`.',
  },
  CREDENTIAL_UNAVAILABLE: {
    when: 'There is no credential to hand out: it has expired, its password is missing, the cloud did not mint one, the registry made no token that can be handed out, the lease of a repeated request has ended, or the record of the registry was changed by somebody other than Purser.',
    status: 409,
    details: {},
    advice:
      'Do not repeat. Do what the message says: rotate the credential, ask with a new `idempotencyKey`, or ask the operator.',
  },
  TARGET_NOT_ALLOWED: {
    when: "The registry's address is one that this service must not connect to.",
    status: 422,
    details: {},
    advice: 'Do not repeat. The operator can open the address with `EGRESS_ALLOW`.',
  },
  CURSOR_NOT_RESUMABLE: {
    when: 'The cursor in `after`, or in `Last-Event-ID`, is further than the data, as after a restore of an older backup, or older than what is kept (`NOTICE_RETENTION`; changes: a day, or the last 10,000 of a project): what came after it cannot be told.',
    status: 409,
    details: { field: '`after`, or `Last-Event-ID`' },
    advice: 'Do not repeat. Read the list again, and subscribe from its `latestCursor`.',
  },
  RATE_LIMITED: {
    when: 'The project, or the caller, has used its tests for this minute, the caller has asked for as many credentials of the project as it may in a minute, the connection has too many operations running, the token was denied in too many projects, its operations cost too much or are too many at once, it has too many connections or does not read its events in time, or too many searches and counts of the project wait.',
    status: 429,
    details: {
      retryAfter: 'seconds to wait before trying again, a whole number of at least 1',
      cursor: 'of the last event that a subscription was sent, if it was ended because its client was slow',
    },
    advice: 'Wait `retryAfter` seconds, then repeat; a subscription with `cursor` as `after`.',
  },
  UNAVAILABLE: {
    when: 'The database did not answer, or cannot be written at the moment, the event log is older than the read models, a query waited too long for what its caller wrote, the service did not finish within 10 seconds, or a search took more than 2 seconds. A mutation may or may not have been done.',
    status: 503,
    details: {},
    advice:
      'Repeat with growing pauses. Repeat a mutation with the same `idempotencyKey`. Narrow the filter of a search that took too long.',
  },
  GRAPHQL_PARSE_FAILED: {
    when: 'The document is not valid GraphQL.',
    status: 400,
    details: {},
    advice: 'Do not repeat. Correct the document.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    when: 'The document does not fit the schema, or is larger or deeper than the service accepts.',
    status: 422,
    details: {},
    advice: 'Do not repeat. Correct the document, or adapt the client to this version of the schema.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    when: 'The request names a persisted query by its hash.',
    status: 422,
    details: {},
    advice: 'Send the document itself as `query`. Clients with automatic persisted queries do so by themselves.',
  },
  INTERNAL: {
    when: 'The service has a fault. It is logged.',
    status: 500,
    details: { requestId: 'the id under which the fault is logged' },
    advice: 'Give the operator the `requestId`. Repeat later, a mutation with the same `idempotencyKey`.',
  },
};

/** The path at which the service itself shows this reference: the link in an error fits the version that runs. */
export const ERRORS_PATH = '/docs/errors';

/** The code's place in `docs/errors.md` and on the page at `ERRORS_PATH`: what GitHub makes of its heading. */
export function anchorOf(code: ErrorCode): string {
  return code.toLowerCase();
}

/** `extensions.documentation` of an error: relative to the URL of the service, which only its callers know. */
export function documentationOf(code: ErrorCode): string {
  return `${ERRORS_PATH}#${anchorOf(code)}`;
}

/** What the reference says of a code beside `when`, as pairs of a label and a text. In both, backticks enclose code. */
export function factsAbout(code: ErrorCode): (readonly [label: string, text: string])[] {
  const { status, details, advice } = ERROR_REFERENCE[code];
  return [
    ['What to do', advice],
    ['HTTP status without data', `${status}.`],
    ...Object.entries(details).map(([name, text]) => [`\`extensions.${name}\``, `${text}.`] as const),
  ];
}

/** The whole reference in Markdown. */
export function errorSections(): string {
  return ERROR_CODES.map((code) => {
    const facts = factsAbout(code).map(([label, text]) => `- ${label}: ${text}\n`);
    return `### ${code}\n\n${ERROR_REFERENCE[code].when}\n\n${facts.join('')}`;
  }).join('\n');
}
