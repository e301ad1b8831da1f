import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, ROTATE } from '../../service/operations.ts';
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
import { pathOf, skipReason, titled } from '../../support/required-tools.ts';

const missing = skipReason('chromium');
/** What the browser says of requests that fail while the service is away. */
const OUTAGE = /net::ERR_(?:CONNECTION|INCOMPLETE|EMPTY|NETWORK)/;

describe.skipIf(missing)(titled('notices in the console', missing), () => {
  let purser: PurserHome;
  let browser: Browser;
  let registryId: string;

  beforeAll(async () => {
    const settings = { ...DEVELOPMENT, PORT: String(await freePort()) };
    purser = await createPurserHome(settings);
    [browser] = await Promise.all([chromium.launch({ executablePath: pathOf('chromium') ?? '' }), purser.start()]);
    registryId = await createRegistry('live.example');
    await createRegistry('other.example');
  });
  afterAll(async () => {
    await browser?.close();
    await purser?.remove();
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
});
