import { isRecord } from '../api/errors.ts';
import type { Departure } from './openid-connect.ts';

const KEY = 'purser.sign-in';

/** Only between leaving for the provider and coming back: there is no other place that outlives the page. */
export function keepDeparture(departure: Departure): void {
  sessionStorage.setItem(KEY, JSON.stringify(departure));
}

/** It can be taken once. */
export function takeDeparture(): Departure | undefined {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return text === null ? undefined : departureOf(text);
}

function departureOf(text: string): Departure | undefined {
  const kept: unknown = JSON.parse(text);
  if (!isRecord(kept)) return undefined;
  const { state, nonce, verifier, returnTo } = kept;
  if (typeof state !== 'string' || typeof nonce !== 'string') return undefined;
  if (typeof verifier !== 'string' || typeof returnTo !== 'string') return undefined;
  return { state, nonce, verifier, returnTo: ownPath(returnTo) };
}

/** A path of this console; `/` if it is anything else, such as `//elsewhere.example`. */
export function ownPath(path: string): string {
  return /^\/(?![/\\])/.test(path) ? path : '/';
}
