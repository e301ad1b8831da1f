import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Issuer } from './issuers.ts';
import { EVERYTHING } from './seed-story.ts';
import { SIZES, THEMES } from './sizes.ts';
import { PROJECT, VIEWER } from './story.ts';
import type { Scene } from './views.ts';

/** A view that needs longer is broken. */
const PATIENCE_MS = 20_000;
/** What text in a picture still needs to be sharp. */
const WEBP_QUALITY = 20;

export interface CameraOptions {
  readonly browser: Browser;
  readonly url: string;
  readonly people: Issuer;
  /** What the page's clock says, in milliseconds since 1970. */
  readonly now: number;
  readonly folder: string;
  /** `webp`: what the window shows. `png`: the whole page. */
  readonly format: 'webp' | 'png';
}

/** Pictures of a scene in each size and theme. @returns bytes written */
export async function picture(scene: Scene, options: CameraOptions): Promise<number> {
  const { browser, url, people, now, folder, format } = options;
  const context = await browser.newContext({
    baseURL: url,
    viewport: SIZES[1],
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.clock.setFixedTime(now);
    await settings(page, scene);
    await page.goto(scene.path);
    if (scene.isSignedIn !== false) await signIn(page, await tokenFor(scene, people, now));
    await page.getByText(scene.shows).first().waitFor();
    await page.locator('[data-status="connecting"], [data-status="reconnecting"]').waitFor({ state: 'detached' });
    await settled(page);
    await scene.act?.(page);
    // Nothing is hovered.
    await page.mouse.move(0, 0);
    let written = 0;
    for (const [index, size] of SIZES.entries()) {
      await page.setViewportSize(size);
      // One theme a size is enough to look at a state.
      const themes = scene.isState === true ? THEMES.slice(index % 2, (index % 2) + 1) : THEMES;
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme });
        const image = format === 'png' ? await wholePage(page) : await window(page);
        await writeFile(join(folder, `${scene.name}-${size.width}-${colorScheme}.${format}`), image);
        written += image.length;
      }
    }
    return written;
  } finally {
    await context.close();
  }
}

/** The sign-in page is shown as it is with a provider; to get in, a token is pasted, as in development. */
async function settings(page: Page, { isSignedIn = true }: Scene): Promise<void> {
  const provider = { kind: 'openid-connect', issuer: 'https://id.acme.example', clientId: 'purser', scope: 'openid' };
  const signIn = isSignedIn ? { kind: 'development' } : provider;
  await page.route('**/console/settings', (route) => route.fulfill({ json: { version: '0.1.0', signIn } }));
  // The page has those of the service, and asks for them only without.
  await page.route('**', async (route) => {
    if (route.request().resourceType() !== 'document') return route.fallback();
    const response = await route.fetch();
    const html = await response.text();
    await route.fulfill({ response, body: html.replace(/(<meta name="purser-settings" content=")[^"]*/, '$1') });
  });
}

function tokenFor(
  { projects = [PROJECT], permissions = EVERYTHING }: Scene,
  people: Issuer,
  now: number,
): Promise<string> {
  const granted = Object.fromEntries(projects.map((id) => [id, permissions]));
  return people.sign({ sub: VIEWER, projects: granted }, Math.floor(now / 1000));
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Or paste a link or a token').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /^Signed in as / }).waitFor();
}

/** Charts have been drawn for the new size, and nothing is loading any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await page
    .getByText(/^Loading /)
    .first()
    .waitFor({ state: 'detached' });
  await page.evaluate(
    'scrollTo(0, 0); document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))',
  );
}

async function wholePage(page: Page): Promise<Buffer> {
  await settled(page);
  return page.screenshot({ fullPage: true, caret: 'hide', animations: 'disabled' });
}

async function window(page: Page): Promise<Buffer> {
  await settled(page);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: WEBP_QUALITY });
  await session.detach();
  return Buffer.from(data, 'base64');
}
