import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';
import { becomesLive, expectNoAxeViolations, openConsole } from '../../support/console-page.ts';
import { type OpenidProvider, startOpenidProvider } from '../../support/openid-provider.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
const MINUTE_MS = 60_000;
const TOKEN_SECONDS = 600;
/** Of a token's life, when it is renewed. */
const RENEWED_MS = 0.8 * TOKEN_SECONDS * 1000;
/** What the browser says of a token that was refused on purpose. */
const REFUSED = /status of 40[01]/;

describe.skipIf(missing)(titled('signing in to the console at an OpenID provider', missing), () => {
  let provider: OpenidProvider;
  let purser: PurserHome;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startOpenidProvider({ accessTokenSeconds: TOKEN_SECONDS });
    purser = await createPurserHome(provider.environment);
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await purser?.remove();
    await provider?.close();
  });

  const open = (path: string, hasClock = false) => openConsole({ purser, browser, path, hasClock, isSignedIn: false });
  const signInAs = (page: Page, user: string) => page.getByRole('button', { name: `Sign in as ${user}` }).click();

  it('comes back to the page that was asked for, also when it is loaded again, and keeps nothing in storage', async () => {
    const { page, close } = await open('/projects/demo/registries?q=ghcr');
    await signInAs(page, 'ada');
    await page.getByRole('heading', { name: 'Registries' }).waitFor();
    expect(page.url()).toBe(`${purser.url}/projects/demo/registries?q=ghcr`);
    expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, document.cookie])')).toBe('[{},""]');
    await page.reload();
    await page.getByRole('heading', { name: 'Registries' }).waitFor();
    expect(page.url()).toBe(`${purser.url}/projects/demo/registries?q=ghcr`);
    await page.getByRole('button', { name: 'Signed in as ada' }).waitFor();
    await close();
  });

  it('renews the token before it expires, with nothing to see', async () => {
    const { page, close } = await open('/projects/demo', true);
    await signInAs(page, 'ada');
    await becomesLive(page);
    await page.evaluate('window.isSamePage = true');
    const renewals: string[] = [];
    let answered = 0;
    const renewing = (request: Request) => {
      const form = new URLSearchParams(request.postData() ?? '');
      return form.get('grant_type') === 'refresh_token' ? [form.get('refresh_token') ?? ''] : [];
    };
    page.on('request', (request) => renewals.push(...renewing(request)));
    page.on('requestfinished', (request) => {
      answered += renewing(request).length;
    });
    const afterAMinute = async () => {
      // A request for which a minute passes is given up, and its refresh token would be used again.
      if (answered === renewals.length) await page.clock.fastForward(MINUTE_MS);
      // Of the minutes only the timers are to know: by the page's date the provider's tokens would have expired.
      await page.clock.setSystemTime(Date.now());
      return answered;
    };
    await expect.poll(afterAMinute).toBe(2);
    // A refresh token rotates: one that is used twice ends all.
    expect(new Set(renewals).size).toBe(renewals.length);
    await becomesLive(page);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    expect(await page.getByRole('alertdialog').count()).toBe(0);
    await close();
  });

  it('signs in again in a window of its own when the provider renews no more, and the page stays', async () => {
    const { page, close } = await open('/projects/shop/registries', true);
    await signInAs(page, 'ada');
    await page.getByRole('heading', { name: 'Registries' }).waitFor();
    await page.evaluate('window.isSamePage = true');
    await page.route(`${provider.issuer}/token`, (route) =>
      route.fulfill({
        status: 400,
        headers: { 'access-control-allow-origin': purser.url },
        json: { error: 'invalid_grant' },
      }),
    );
    await page.clock.fastForward(RENEWED_MS);
    const dialog = page.getByRole('alertdialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    await expectNoAxeViolations(page);
    await page.unroute(`${provider.issuer}/token`);
    await dialog.getByRole('button', { name: /^Sign in with / }).click();
    await dialog.waitFor({ state: 'detached' });
    await becomesLive(page);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    await close(REFUSED);
  });

  it('signs out at the provider as well, and in other tabs', async () => {
    const { page, close } = await open('/projects/demo');
    await signInAs(page, 'ada');
    const otherTab = await page.context().newPage();
    await otherTab.goto('/projects/demo/registries');
    await otherTab.getByRole('button', { name: 'Signed in as ada' }).waitFor();
    await page.getByRole('button', { name: 'Signed in as ada' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await otherTab.getByText('You have signed out.').waitFor();
    await page.getByRole('button', { name: /yes, sign me out/i }).click();
    await page.getByRole('button', { name: /^Sign in with / }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: /^Sign in with / }).click();
    // It has forgotten who it was.
    await signInAs(page, 'bob');
    await page.getByRole('button', { name: 'Signed in as bob' }).waitFor();
    await close();
  });

  it('says that the claim is missing to somebody whose token has none', async () => {
    const { page, close } = await open('/');
    await signInAs(page, 'eve');
    await page.getByText('The access token has no claim “projects”').waitFor();
    await expectNoAxeViolations(page);
    await close();
  });

  it('does not take an answer that it did not ask for', async () => {
    const { page, close } = await open('/signed-in?code=stolen&state=other');
    await page.getByRole('button', { name: 'Sign in as ada' }).waitFor();
    expect(page.url()).not.toContain('stolen');
    await close();
  });
});
