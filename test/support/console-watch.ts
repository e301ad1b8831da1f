import type { BrowserContext, Page } from 'playwright-core';
import { encodingsIn } from './canary-sweep.ts';

export interface ConsoleWatch {
  /** Errors of the page, what its content security policy refused, requests that failed, secrets in answers. */
  readonly complaints: readonly string[];
  /** How many answers were searched for secrets: a search of none finds none. */
  answers(): number;
  /** Resolves when every answer that has come was searched. */
  searched(): Promise<void>;
}

const TELL = 'tellViolation';
/** Runs before each page's own scripts. */
const LISTEN = `addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
  ${TELL}(effectiveDirective + ' refused ' + blockedURI + ' ' + sample));`;

/** Watches what a page of the service at this URL does and gets, from its first request on. */
export async function watchConsole(context: BrowserContext, page: Page, url: string): Promise<ConsoleWatch> {
  const complaints: string[] = [];
  const searches = new Set<Promise<void>>();
  let answers = 0;
  const isOwn = (address: string) => address.startsWith(url);

  function search(from: string, text: string): void {
    answers += 1;
    const encodings = encodingsIn(text);
    if (encodings.length > 0) complaints.push(`a secret in the answer of ${from}: ${encodings.join(', ')}`);
  }

  await context.exposeBinding(TELL, (_, violation: string) => complaints.push(`policy: ${violation}`));
  await context.addInitScript(LISTEN);
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // The pages of providers may complain.
    if (message.type() === 'error' && isOwn(page.url())) {
      complaints.push(`${message.text()} (${message.location().url})`);
    }
  });
  page.on('requestfinished', (request) => {
    if (!isOwn(request.url()) || new URL(request.url()).pathname.startsWith('/assets/')) return;
    const searching = request
      .response()
      .then((response) => response?.text())
      // Of a page that was left meanwhile.
      .catch(() => undefined)
      .then((text) => search(request.url(), text ?? ''))
      .finally(() => searches.delete(searching));
    searches.add(searching);
  });
  await watchStreams(context, page, search);
  return {
    complaints,
    answers: () => answers,
    searched: async () => {
      await Promise.all(searches);
    },
  };
}

/** Streams of events finish only when the page is left: they are searched as they come. */
async function watchStreams(
  context: BrowserContext,
  page: Page,
  search: (from: string, text: string) => void,
): Promise<void> {
  const session = await context.newCDPSession(page);
  const streams = new Map<string, string>();
  const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.mimeType !== 'text/event-stream') return;
    streams.set(requestId, response.url);
    session
      .send('Network.streamResourceContent', { requestId })
      .then(({ bufferedData }) => search(response.url, decoded(bufferedData)))
      // It has ended already.
      .catch(() => undefined);
  });
  session.on('Network.dataReceived', ({ requestId, data }) => {
    const from = streams.get(requestId);
    if (from !== undefined && data !== undefined) search(from, decoded(data));
  });
  await session.send('Network.enable');
}
