import { CloseCode } from 'graphql-ws';
import type { CloseReason } from '../connections/connection.ts';

/**
 * Every code with which the service closes a WebSocket: from 4000 those of graphql-transport-ws, below them those of
 * RFC 6455. docs/clients.md says what a client does about each.
 */
export const CLOSE = {
  goingAway: 1001,
  /** ws sends these two by itself: a frame that is none, and a text that is not UTF-8. */
  protocolError: 1002,
  invalidText: 1007,
  /** ws sends it by itself: the message has more bytes than a request may have. */
  messageTooBig: 1009,
  tryAgainLater: 1013,
  /** Not a message of the protocol, or one that only servers send. */
  badRequest: CloseCode.BadRequest,
  /** No token: retrying does not help. */
  unauthorized: CloseCode.Unauthorized,
  /** The token was refused, has expired, or is not accepted any more: clients get a new one and reconnect. */
  forbidden: CloseCode.Forbidden,
  /** graphql-ws sends these four by itself. */
  subprotocolNotAcceptable: CloseCode.SubprotocolNotAcceptable,
  initTimeout: CloseCode.ConnectionInitialisationTimeout,
  subscriberExists: CloseCode.SubscriberAlreadyExists,
  tooManyInits: CloseCode.TooManyInitialisationRequests,
  internalError: CloseCode.InternalServerError,
} as const;

/** How a WebSocket tells why the service closes it. */
export const CLOSE_FRAMES: { readonly [Reason in CloseReason]: { readonly code: number; readonly text: string } } = {
  'token expired': { code: CLOSE.forbidden, text: 'Token expired' },
  'token revoked': { code: CLOSE.forbidden, text: 'Token revoked' },
  'key removed': { code: CLOSE.forbidden, text: 'Key no longer accepted' },
  'too many connections': { code: CLOSE.tryAgainLater, text: 'Too many connections' },
  'too slow': { code: CLOSE.tryAgainLater, text: 'Too slow' },
  'going away': { code: CLOSE.goingAway, text: 'Going away' },
};
