import type { RefusalReason } from '../../../src/application/ports/authenticator.ts';
import { forge, type Token } from './forge.ts';

export interface Attack {
  readonly name: string;
  readonly reason: RefusalReason;
  readonly token: string;
}

/** Attacks that are all refused for one reason; each is a token as it stands, or what to change in an honest one. */
export const group = (reason: RefusalReason, tokens: Readonly<Record<string, string | Token>>): Attack[] =>
  Object.entries(tokens).map(([name, token]) => ({
    name,
    reason,
    token: typeof token === 'string' ? token : forge(token),
  }));

export const claim = (name: string, value: unknown): Token => ({ claims: { [name]: value } });
export const inHeader = (name: string, value: unknown): Token => ({ header: { [name]: value } });

/** JSON that is nested so deeply. */
export const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
