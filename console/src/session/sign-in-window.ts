import { isRecord } from '../api/errors.ts';
import type { OpenIdProvider } from './openid-connect.ts';
import { SignInFailed, type Tokens } from './tokens.ts';

/** Between windows of the console. What goes over it signs in only where the verifier is. */
const CHANNEL = 'purser.sign-in';
const WINDOW = 'popup,width=520,height=720';
/** How long the window that came back waits for the one that sent it, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * Signs in at the provider in a window of its own, so that the page stays as it is. The verifier stays in this page; the window hands
 * over the address that it was sent back to.
 * @throws SignInFailed, OfflineError
 */
export async function signInInWindow(provider: OpenIdProvider, signal: AbortSignal): Promise<Tokens> {
  // At once: a browser lets a page open a window only in answer to a press.
  const opened = window.open('', '_blank', WINDOW);
  if (opened === null) throw new SignInFailed({ kind: 'failed', message: 'The browser did not open a window.' });
  const { url, departure } = await provider.depart('/').catch((error: unknown) => {
    opened.close();
    throw error;
  });
  const address = comesBack(departure.state, signal);
  opened.location.replace(url);
  return provider.arrive(await address, departure);
}

function comesBack(state: string, signal: AbortSignal): Promise<URL> {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<URL>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new SignInFailed({ kind: 'new' })));
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!isRecord(data) || typeof data.address !== 'string') return;
      const address = new URL(data.address);
      if (address.searchParams.get('state') !== state) return;
      channel.postMessage({ taken: state });
      resolve(address);
    });
  }).finally(() => channel.close());
}

/** In the window: hands the address to the page that opened it. @returns false if there is none */
export function handOver(address: URL): Promise<boolean> {
  const state = address.searchParams.get('state');
  if (state === null) return Promise.resolve(false);
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), ANSWER_MS);
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!isRecord(data) || data.taken !== state) return;
      clearTimeout(timer);
      resolve(true);
    });
    channel.postMessage({ address: address.href });
  }).finally(() => channel.close());
}
