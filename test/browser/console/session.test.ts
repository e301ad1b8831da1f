import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignInCodes } from '../../../src/adapters/auth/sign-in-codes.ts';
import { signInLink } from '../../../src/composition/console.ts';
import { launchBrowser } from '../../support/browser.ts';
import {
  becomesLive,
  DEVELOPMENT,
  developmentToken,
  expectNoAxeViolations,
  openConsole,
  signInByToken,
} from '../../support/console-page.ts';
import { freePort } from '../../support/postgres-server.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
/** What the browser says of requests that fail while the service or the network is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INTERNET|INCOMPLETE|EMPTY|NETWORK)|status of 401/;

/** How long a token is valid. */
const MINUTES = 10;

describe.skipIf(missing)(titled('signing in to the console', missing), () => {
  let purser: PurserHome;
  let browser: Browser;

  beforeAll(async () => {
    purser = await createPurserHome({ ...DEVELOPMENT, PORT: String(await freePort()) });
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await purser?.remove();
  });

  const link = async () => new URL(await signInLink(createSignInCodes(purser.dataDir), purser.url));
  const open = (options: Partial<Parameters<typeof openConsole>[0]> = {}) =>
    openConsole({ purser, browser, ...options });

  it('takes the code of a link out of the address, and leads to the only project', async () => {
    const { pathname, hash } = await link();
    const { page, close } = await open({ path: pathname + hash, isSignedIn: false });
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/projects/demo');
    expect(await page.title()).toBe('Overview · demo · Purser');
    await becomesLive(page);
    await page.goBack();
    expect(page.url()).not.toContain('code=');
    await close();
  });

  it('says that a link was used, and how to get another', async () => {
    const { pathname, hash } = await link();
    const first = await open({ path: pathname + hash, isSignedIn: false });
    await first.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await first.close();
    const second = await open({ path: pathname + hash, isSignedIn: false });
    await second.page.getByText('Each link signs in once.').waitFor();
    await second.page.getByText('npm run -s console-link').waitFor();
    await expectNoAxeViolations(second.page);
    await second.close(OUTAGE);
  });

  it('keeps no token where another page or a later visit could find it', async () => {
    const token = await developmentToken(purser, { subject: 'ada' });
    const { page, close } = await open({ isSignedIn: false });
    await signInByToken(page, token);
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])',
    );
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(token.split('.')[2]);
    await close();
  });

  it('is needed again after the page was loaded again, which stays where it was', async () => {
    const { page, close } = await open({ path: '/projects/demo/registries?q=ghcr' });
    await page.getByRole('heading', { name: 'Registries' }).waitFor();
    await page.reload();
    await signInByToken(page, await developmentToken(purser));
    await page.getByRole('heading', { name: 'Registries' }).waitFor();
    expect(page.url()).toBe(`${purser.url}/projects/demo/registries?q=ghcr`);
    await close();
  });

  it('ends when somebody signs out', async () => {
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Signed in as developer' }).click();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You have signed out.').waitFor();
    await expectNoAxeViolations(page);
    await close();
  });

  it('ends with the token, and goes on where it was when somebody signs in again', async () => {
    const { page, close } = await open({ path: '/projects/demo/audit', hasClock: true, ttlSeconds: MINUTES * 60 });
    await page.evaluate('window.isSamePage = true');
    await page.clock.fastForward(MINUTES * 60_000);
    await page.getByRole('alertdialog', { name: 'Your session has ended' }).waitFor();
    await expectNoAxeViolations(page);
    await signInByToken(page, await developmentToken(purser));
    await expect.poll(() => page.getByRole('alertdialog').count()).toBe(0);
    await becomesLive(page);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    expect(new URL(page.url()).pathname).toBe('/projects/demo/audit');
    await close(OUTAGE);
  });

  it('says which claim is missing when a token names no project', async () => {
    const { page, close } = await open({ isSignedIn: false });
    await page.getByLabel('Or paste a link or a token').fill(await developmentToken(purser, { projects: [] }));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Your token names no project' }).waitFor();
    await page.getByText('The claim “projects” of the access token names no project.').waitFor();
    await expectNoAxeViolations(page);
    await close();
  });

  it('offers only what the token grants', async () => {
    const { page, close } = await open({
      path: '/projects/demo/audit',
      permissions: ['iam:project:cicd:registry:read'],
    });
    await page.getByText('Your token does not grant iam:project:cicd:audit:read in the project “demo”.').waitFor();
    await expectNoAxeViolations(page);
    const names = await page.getByRole('navigation', { name: 'Project' }).getByRole('link').allInnerTexts();
    expect(names).toEqual(['Overview', 'Registries', 'Notices', 'Calendar', 'Webhooks']);
    await page.goto('/projects/other/registries');
    await signInByToken(page, await developmentToken(purser));
    await page.getByText('Your token does not name the project “other”.').waitFor();
    await close();
  });

  it('outlives a restart of the service, with everything on the page', async () => {
    const { page, close } = await open({ path: '/projects/demo/registries' });
    await becomesLive(page);
    await page.evaluate('window.isSamePage = true');
    await purser.kill('SIGTERM');
    await page.locator('[data-status="reconnecting"], [data-status="offline"]').waitFor();
    await purser.start();
    await becomesLive(page);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    await close(OUTAGE);
  });

  it('outlives a network that goes away, and says so', async () => {
    const { page, close } = await open();
    await becomesLive(page);
    await page.context().setOffline(true);
    await page.getByText('This machine is offline.').waitFor();
    await expectNoAxeViolations(page);
    // The code of a view that was not shown before is loaded when there is a network again, and the page stays the same.
    await page.evaluate('window.isSamePage = true');
    await page.getByRole('link', { name: 'Trust rules' }).click();
    await page.getByText('It appears by itself when the connection is back.').waitFor();
    await expectNoAxeViolations(page);
    await page.context().setOffline(false);
    await page.getByRole('heading', { name: 'Trust rules', level: 1 }).waitFor();
    await becomesLive(page);
    await expect.poll(() => page.getByText('This machine is offline.').count()).toBe(0);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    await close(new RegExp(`${OUTAGE.source}|ViewNotLoaded`));
  });
});
