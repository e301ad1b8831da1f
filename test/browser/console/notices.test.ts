import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, ROTATE } from '../../service/operations.ts';
import { launchBrowser } from '../../support/browser.ts';
import { canary } from '../../support/canary.ts';
import {
  becomesLive,
  type ConsoleOptions,
  DEVELOPMENT,
  developmentToken,
  expectNoAxeViolations,
  openConsole,
} from '../../support/console-page.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { freePort } from '../../support/postgres-server.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import {
  idsOf,
  type Receiver,
  startReceiver,
  statuses,
  taken,
  webhookEnvironment,
} from '../../support/webhook-receiver.ts';

const missing = skipReason('chromium');
/** What the browser says of requests that fail while the service is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INCOMPLETE|EMPTY|NETWORK)/;
const READ_ONLY = ['iam:project:cicd:registry:read'] as const;

describe.skipIf(missing)(titled('notices, calendar and webhooks in the console', missing), () => {
  let purser: PurserHome;
  let receiver: Receiver;
  let browser: Browser;
  let registryId: string;

  beforeAll(async () => {
    // The first notice finds that the receiver is gone, so its delivery is given up at once.
    receiver = await startReceiver(statuses(410));
    const settings = { ...DEVELOPMENT, PORT: String(await freePort()), ...webhookEnvironment({ chat: receiver }) };
    purser = await createPurserHome(settings);
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
    registryId = await createRegistry('live.example');
    await createRegistry('other.example');
  });
  afterAll(async () => {
    await browser?.close();
    await purser?.remove();
    await receiver?.[Symbol.asyncDispose]();
  });

  async function open(path: string, options: Partial<ConsoleOptions> = {}) {
    const opened = await openConsole({ purser, browser, path: `/projects/demo${path}`, ...options });
    opened.page.setDefaultTimeout(PATIENCE_MS);
    return opened;
  }

  async function graphql(query: string, variables: Record<string, unknown>) {
    const answer = await ask(purser.url, query, variables, await developmentToken(purser, { subject: 'ada' }));
    expect(answer.errors).toBeUndefined();
    return answer.data;
  }
  async function createRegistry(url: string): Promise<string> {
    const input = { url, username: 'ada', password: canary('notices') };
    return (await graphql(CREATE, { input })).createRegistry.registry.id;
  }
  const rotate = () => graphql(ROTATE, { id: registryId, input: { password: canary('rotated') } });

  /** The versions that the page tells of, from the top. */
  async function versions(page: Page): Promise<number[]> {
    const messages = await page.locator('main ol li').allInnerTexts();
    return messages.map((message) => Number(/version (\d+)/i.exec(message)?.[1]));
  }

  it('show an empty project, and what will stand there', async () => {
    const { page, close } = await open('/notices', { projects: ['empty'], path: '/projects/empty/notices' });
    await page.getByText('Nothing has happened yet').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('This project has no registries yet').waitFor();
    await expectNoAxeViolations(page);
    await close();
  });

  it('come live, and through a restart of the service none is lost and none comes twice', async () => {
    await rotate();
    const { page, close } = await open('/notices');
    await expect.poll(() => versions(page)).toEqual([2]);
    await becomesLive(page);
    await rotate();
    await expect.poll(() => versions(page)).toEqual([3, 2]);
    await page.getByText('1 new notice since you looked').waitFor();
    await page.evaluate('window.isSamePage = true');

    await purser.kill('SIGTERM');
    await page.locator('[data-status="reconnecting"], [data-status="offline"]').waitFor();
    await purser.start();
    // The page may be away yet: what it misses comes when it is back.
    await rotate();
    await rotate();
    await becomesLive(page);
    await expect.poll(() => versions(page)).toEqual([5, 4, 3, 2]);
    await rotate();
    await expect.poll(() => versions(page)).toEqual([6, 5, 4, 3, 2]);
    await page.getByText('4 new notices since you looked').waitFor();
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    await expectNoAxeViolations(page);

    await page.getByRole('button', { name: 'Mark as seen' }).click();
    await page.getByText('Nothing new since you looked').waitFor();
    await close(OUTAGE);
  });

  it('are filtered by kind and registry in the address', async () => {
    const { page, close } = await open(`/notices?kind=EXPIRING&registry=${registryId}`);
    await page.getByText('No notice matches').waitFor();
    await expectNoAxeViolations(page);
    await page
      .getByRole('row', { name: /^Kind: Expiring/ })
      .getByRole('button', { name: 'Remove' })
      .click();
    await expect.poll(() => new URL(page.url()).search).toBe(`?registry=${registryId}`);
    await expect.poll(async () => (await versions(page)).length).toBe(5);
    await page.getByRole('link', { name: 'live.example' }).first().click();
    await page.waitForURL(`**/registries/${registryId}`);
    await close();
  });

  it('stand on the overview too, as they happen', async () => {
    const { page, close } = await open('');
    await page.getByRole('list', { name: 'Latest notices' }).getByRole('listitem').first().waitFor();
    await page.getByRole('heading', { name: 'Never tested' }).waitFor();
    await becomesLive(page);
    const before = await page.getByRole('list', { name: 'Latest notices' }).getByRole('listitem').count();
    await rotate();
    await expect
      .poll(() => page.getByRole('list', { name: 'Latest notices' }).getByRole('listitem').count())
      .toBe(before + 1);
    await expectNoAxeViolations(page);
    await close();
  });

  it('give a calendar a URL that is shown once, and opens nothing after it was revoked', async () => {
    const { page, close } = await open('/calendar');
    await page.getByText('No calendar feed yet').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Create a feed' }).click();
    const form = page.getByRole('dialog', { name: 'Create a calendar feed' });
    await form.getByRole('button', { name: 'Create the feed' }).click();
    // The service's own sentence, at the field that it names.
    await form.getByText(/`name` must/).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('name');
    await expectNoAxeViolations(page);
    await form.getByLabel('Name').fill('Platform team');
    await form.getByRole('button', { name: 'Create the feed' }).click();

    const shown = page.getByRole('dialog', { name: 'The feed’s URL' });
    const url = await shown.locator('code').innerText();
    expect(url.startsWith(`${purser.url}/calendar/`)).toBe(true);
    await expectNoAxeViolations(page);
    const calendar = await fetch(url);
    expect(calendar.headers.get('content-type')).toMatch(/^text\/calendar/);
    await page.keyboard.press('Escape');
    await shown.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('rowheader', { name: 'Platform team' }).waitFor();
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain(new URL(url).pathname);
    await expectNoAxeViolations(page);

    await page.getByRole('button', { name: 'Revoke Platform team' }).click();
    await page.getByRole('button', { name: 'Revoke the feed' }).click();
    await page.getByText('No calendar feed yet').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1');
    expect((await fetch(url)).status).toBe(404);
    await close(OUTAGE);
  });

  it('tell which webhook is disabled and why a delivery was given up, and replay it', async () => {
    const { page, close } = await open('/webhooks?state=PENDING');
    await page.getByText('Disabled: chat').waitFor();
    await page.getByText(receiver.host).waitFor();
    await expectNoAxeViolations(page);
    await page.getByText('webhook disabled').first().waitFor();
    await page.getByRole('rowheader').getByRole('button').last().click();
    await page.getByRole('dialog').getByText('It waits: the webhook is disabled').waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: /^State/ }).click();
    await page.getByRole('menuitemradio', { name: 'Dead letter' }).click();
    const [given] = idsOf(receiver);
    const givenUp = page.getByRole('button', { name: /^Rotated/ });
    // Those that wait are shown until it is read.
    await expect.poll(() => givenUp.count()).toBe(1);
    await givenUp.click();
    const panel = page.getByRole('dialog', { name: 'Delivery: Rotated' });
    await panel.getByText('The receiver wants no more notices').waitFor();
    await panel.getByText(String(given)).waitFor();
    await expectNoAxeViolations(page);
    await page.keyboard.press('Escape');

    receiver.answer = taken;
    const sent = receiver.received.length;
    await page.getByRole('button', { name: /^Replay “Rotated”/ }).click();
    await page.getByText('It is being sent again').waitFor();
    await expect.poll(() => idsOf(receiver).slice(sent)).toContain(given);
    await page.getByText('No delivery matches').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    // The others had waited for the webhook to be enabled.
    const table = page.getByRole('table', { name: 'Deliveries to webhooks, newest first' });
    await expect.poll(() => table.getByText('Delivered').count(), { timeout: 20_000 }).toBe(6);
    await expect.poll(() => page.getByText('Disabled: chat').count(), { timeout: 20_000 }).toBe(0);
    expect(new Set(idsOf(receiver)).size).toBe(6);
    await expectNoAxeViolations(page);
    await close();
  });

  it('offer a reader nothing that changes something', async () => {
    const { page, close } = await open('/calendar', { permissions: READ_ONLY });
    await page.getByText('Your token may look at feeds, and not make them').waitFor();
    expect(await page.getByRole('button', { name: 'Create a feed' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page
      .getByRole('button', { name: /^Rotated/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('webhook-id').waitFor();
    expect(await page.getByRole('button', { name: /Replay/ }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Notices' }).click();
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    await close();
  });
});
