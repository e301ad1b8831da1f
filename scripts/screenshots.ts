import { accessSync, constants } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { picture } from './screenshots/camera.ts';
import { createIssuer } from './screenshots/issuers.ts';
import { HOSTS, startPretendedNetwork } from './screenshots/pretended-network.ts';
import { DAY_MS, seedStory } from './screenshots/seed-story.ts';
import { startService } from './screenshots/service.ts';
import { statesOf, viewsOf } from './screenshots/views.ts';

/**
 * `npm run screenshots`: every view of the console, in three sizes, light and dark, into docs/images. It starts a service of its own,
 * lets a month pass in it, and takes everything away again.
 *
 * `-- --states FOLDER` takes whole pages, as PNG, of views and of their states (errors, dialogs, empty lists) into a folder that is not
 * kept. `-- --only NAME` takes those whose name begins so.
 */
const IMAGES = 'docs/images';
const say = (line: string) => process.stdout.write(`${line}\n`);

const { values } = parseArgs({ options: { states: { type: 'string' }, only: { type: 'string', default: '' } } });
const executablePath = chromiumPath();
if (executablePath === undefined) {
  say('No pictures were taken: chromium is not on the PATH (Debian: apt-get install chromium).');
} else {
  await takePictures(executablePath);
}

async function takePictures(executablePath: string): Promise<void> {
  const now = Date.now();
  const [people, github, gitlab] = await Promise.all([
    createIssuer('https://id.acme.example', 'claims'),
    createIssuer('https://token.actions.githubusercontent.com', 'rules'),
    createIssuer('https://gitlab.com', 'rules'),
  ]);
  await using network = await startPretendedNetwork();
  const settings = {
    ...network.environment,
    JWT_ISSUERS: JSON.stringify([people, github, gitlab].map(({ entry }) => entry)),
    WEBHOOKS: JSON.stringify(
      Object.values(HOSTS.webhooks).map((host) => ({
        name: host.split('.')[0],
        url: `http://${host}/hooks/purser`,
        secret: `whsec_${Buffer.from('pictures show no secret of this').toString('base64')}`,
        projects: 'all',
      })),
    ),
    CALLER_COST_PER_SECOND: '0',
    CALLER_ISSUES_PER_MINUTE: '0',
  };
  await using service = await startService(settings, now - 31 * DAY_MS);
  say('A service runs; a month passes in it.');
  const seeded = await seedStory(service, people, now);

  const folder = values.states ?? IMAGES;
  const needs = { ...seeded, github, now: Math.floor(service.now() / 1000) };
  const views = viewsOf(needs);
  const scenes = (values.states === undefined ? views : [...views, ...statesOf(needs)]).filter(({ name }) =>
    name.startsWith(values.only),
  );
  if (values.states === undefined && values.only === '') await rm(IMAGES, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--font-render-hinting=none', '--disable-lcd-text'] });
  try {
    let written = 0;
    const format = values.states === undefined ? 'webp' : 'png';
    for (const scene of scenes) {
      const options = { browser, url: service.url, people, now: service.now(), folder, format } as const;
      written += await picture(scene, options).catch((cause: unknown) => {
        say(`${scene.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
        process.exitCode = 1;
        return 0;
      });
    }
    say(`${folder}: ${scenes.length} views in 3 sizes, light and dark; ${(written / 1e6).toFixed(2)} MB.`);
  } finally {
    await browser.close();
  }
}

function chromiumPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) =>
      ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)),
    )
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
