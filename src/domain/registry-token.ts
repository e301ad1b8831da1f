import type { LeasePurpose } from './credential.ts';
import { diagnose } from './diagnosis.ts';
import { type Instant, instantAt } from './instant.ts';
import type { ProbeDetail, ProbeFacts, ProbeOutcome } from './probe-outcome.ts';
import type { RegistryProvider } from './providers/table.ts';
import { unreachable } from './unreachable.ts';

export type TokenAction = 'pull' | 'push';

/** A push reads what is there already. */
export function actionsFor(purpose: LeasePurpose): readonly TokenAction[] {
  return purpose === 'PULL' ? ['pull'] : ['pull', 'push'];
}

/** Why there is no registry token that may be handed out. */
export type TokenFault =
  /** The registry does not work with tokens. */
  | { readonly kind: 'MAKES_NONE' }
  /** The token does not say what it is good for. */
  | { readonly kind: 'UNREADABLE' }
  /** The token is good for more than was asked for. */
  | { readonly kind: 'TOO_WIDE' }
  /** By this service's clock the token has ended, or ends before anybody could use it. */
  | { readonly kind: 'ENDED' }
  | {
      readonly kind: 'REFUSED';
      readonly outcome: ProbeOutcome;
      readonly detail: ProbeDetail | null;
      readonly facts?: ProbeFacts;
    };

/** What is wrong and what to do about it, in sentences. */
export function tokenAdvice(
  fault: TokenFault,
  registry: { readonly provider: RegistryProvider; readonly url: string },
): string {
  switch (fault.kind) {
    case 'MAKES_NONE':
      return `The registry does not log clients in with tokens. ${INSTEAD}`;
    case 'UNREADABLE':
      return `Its tokens do not say what they are good for, so they may be good for more than was asked for. ${INSTEAD}`;
    case 'TOO_WIDE':
      return `It makes tokens that are good for more than was asked for. Register a login that can do no more than is needed. ${INSTEAD}`;
    case 'ENDED':
      return "By this service's clock its token has already ended, or is about to. Have the operators of both compare their clocks.";
    case 'REFUSED':
      return diagnose({ ...registry, ...fault }) ?? '';
    default:
      return unreachable(fault, 'fault of a registry token');
  }
}

const INSTEAD =
  'Ask for the password, with `form: PASSWORD`; if a trust rule does not permit that, its author can set `allowPassword`.';

/** By the specification, if the answer does not say. */
const DEFAULT_LIFE_S = 60;
/** A token that ends sooner is of no use. */
const MIN_LEFT_MS = 10_000;

/** What an answer says of its token's life. All may be missing, or be anything. */
export interface StatedLife {
  /** Seconds. */
  readonly expiresIn: unknown;
  /** A date and time. */
  readonly issuedAt: unknown;
  /** Seconds since 1970: the claim `exp` of the token itself. */
  readonly exp: unknown;
}

/**
 * The earliest end that the answer can mean. Null if it is too near to be of use, or past.
 * @param askedAt milliseconds since 1970, as is `now`
 */
export function tokenEnd({ expiresIn, issuedAt, exp }: StatedLife, askedAt: number, now: number): Instant | null {
  const life = (isSeconds(expiresIn) ? expiresIn : DEFAULT_LIFE_S) * 1000;
  const issued = typeof issuedAt === 'string' ? Date.parse(issuedAt) : Number.NaN;
  const begins = Number.isNaN(issued) ? askedAt : Math.min(issued, askedAt);
  const end = Math.min(begins + life, isSeconds(exp) ? exp * 1000 : Number.POSITIVE_INFINITY);
  return end - now < MIN_LEFT_MS ? null : (instantAt(end) ?? null);
}

/** Up to the year 2286. */
function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 1e10;
}

/** What a token grants, compared with what was asked for: it must be this, no less and no more. */
export function comparedGrant(
  granted: readonly { readonly repository: string | null; readonly actions: readonly string[] }[],
  asked: { readonly repository: string; readonly actions: readonly TokenAction[] },
): 'AS_ASKED' | 'LESS' | 'MORE' {
  const useful = granted.filter(({ actions }) => actions.length > 0);
  const isAsked = (action: string) => asked.actions.some((one) => one === action);
  if (useful.some(({ repository, actions }) => repository !== asked.repository || !actions.every(isAsked)))
    return 'MORE';
  const given = new Set(useful.flatMap(({ actions }) => actions));
  return asked.actions.every((action) => given.has(action)) ? 'AS_ASKED' : 'LESS';
}
