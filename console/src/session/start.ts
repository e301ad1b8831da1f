import { takeDeparture } from './departure.ts';
import { codeOf, SIGN_IN_PATH } from './development.ts';
import { SIGNED_IN_PATH } from './openid-connect.ts';
import type { Session } from './session.ts';
import { handOver } from './sign-in-window.ts';
import { SignInFailed } from './tokens.ts';

/** What of the first address must not stay there: a code, which signs in once. */
export interface FirstAddress {
  readonly address: URL;
  readonly code: string | undefined;
}

/** Takes the code of a link out of the address before anything else happens, so that neither history nor bookmarks have it. */
export function takeFirstAddress(): FirstAddress {
  const address = new URL(location.href);
  const code = address.pathname === SIGN_IN_PATH ? codeOf(address.hash) : undefined;
  if (code !== undefined || address.pathname === SIGNED_IN_PATH) history.replaceState(null, '', address.pathname);
  return { address, code };
}

/** Whether the first address may sign somebody in, so that a view is likely to be shown next. */
export function isArrival({ address, code }: FirstAddress): boolean {
  return code !== undefined || address.pathname === SIGNED_IN_PATH;
}

/** Signs in by what the first address holds, or says what is needed for it. */
export async function startSession(session: Session, { address, code }: FirstAddress): Promise<void> {
  const { kind } = session.settings.signIn;
  if (kind === 'development') {
    if (code === undefined) return session.retry();
    return session.signInWithCode(code);
  }
  if (kind === 'none') return session.retry();
  if (address.pathname === SIGNED_IN_PATH) return arrive(session, address);
  // Who has signed out, or wants to choose, is not sent on.
  if (address.pathname === SIGN_IN_PATH) return session.retry();
  return session.leaveForProvider(address.pathname + address.search + address.hash);
}

async function arrive(session: Session, address: URL): Promise<void> {
  const departure = takeDeparture();
  if (departure === undefined) {
    if (await handOver(address)) return session.handedOver();
    // By the back button, a bookmark, or in another tab: begin again.
    history.replaceState(null, '', '/');
    return session.leaveForProvider('/');
  }
  history.replaceState(null, '', departure.returnTo);
  await session.signInWith(async () => {
    if (session.provider === undefined) throw new SignInFailed({ kind: 'new' });
    return session.provider.arrive(address, departure);
  });
}
