import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { canary } from '../support/canary.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { skipReason, titled } from '../support/required-tools.ts';

const missing = skipReason('chromium');

describe.skipIf(missing)(titled('in a browser', missing), () => {
  let purser: PurserHome;
  let browser: Browser;
  let page: Page;
  /** What pages asked for, over HTTP and WebSocket, and what they complained of. */
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    purser = await createPurserHome();
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await purser?.remove();
  });

  beforeEach(async () => {
    requested.length = 0;
    complaints.length = 0;
    page = await browser.newPage();
    page.on('request', (request) => requested.push(request.url()));
    page.on('websocket', (socket) => requested.push(socket.url()));
    page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  afterEach(() => page.close());

  /** Replaces what a code editor contains. */
  async function enter(editor: string, text: string): Promise<void> {
    await page.locator(`section[aria-label="${editor}"] .view-lines:visible`).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
    // The editor has added what closes brackets and quotes.
    await page.keyboard.press('Control+Shift+End');
    await page.keyboard.press('Delete');
  }

  async function run(query: string): Promise<void> {
    await enter('Operation Editor', query);
    await page.getByLabel('Execute query').click();
  }

  /** Waits for the text in the answer that GraphiQL shows. */
  const answered = (text: string) => page.locator('.result-window').getByText(text).first().waitFor();

  it('GraphiQL runs queries and subscriptions with the token that it is given, and asks nobody but the service', async () => {
    await page.goto(`${purser.url}/graphql`);
    await answered('Put your token under');
    const token = purser.issuer.token({ subject: 'ada' });
    await enter('Headers', JSON.stringify({ authorization: `Bearer ${token}` }));
    await page.getByLabel('Re-fetch GraphQL schema').click();
    await run('{ viewer { subject projects { id } } }');
    await answered('"ada"');
    await answered('"demo"');

    await run('subscription { registryChanges(projectId: "demo") { kind registry { url } } }');
    await expect.poll(async () => (await fetch(`${purser.url}/metrics`)).text()).toMatch(/^purser_subscriptions 1$/m);
    await ask(
      purser.url,
      'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
      { input: { url: 'reg.example.com', username: 'ada', password: canary('graphiql') } },
      purser.issuer.token(),
    );
    await answered('"reg.example.com"');
    const hosts = new Set(requested.map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(purser.url).host]);
    expect(requested).toContain(`${purser.url}/graphql`.replace('http', 'ws'));
    expect(complaints).toEqual([]);
  });

  it('the page of errors shows the code that a link names', async () => {
    await page.goto(`${purser.url}/docs/errors#rate_limited`);
    const meant = page.locator(':target');
    expect(await meant.locator('h2').innerText()).toBe('RATE_LIMITED');
    // Set by the page's own style, so its policy lets that in.
    expect(await page.evaluate('getComputedStyle(document.querySelector(":target")).outlineStyle')).toBe('solid');
    expect(requested).toEqual([`${purser.url}/docs/errors`]);
    expect(complaints).toEqual([]);
  });
});
