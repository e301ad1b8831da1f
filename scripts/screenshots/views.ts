import type { Page } from 'playwright-core';
import type { Issuer } from './issuers.ts';
import type { Seeded } from './seed-story.ts';
import { OTHER_PROJECTS, PROJECT } from './story.ts';

/** What is pictured: a view, or a state of one. */
export interface Scene {
  readonly name: string;
  readonly path: string;
  /** A text that stands there when the view has its content. */
  readonly shows: string | RegExp;
  /** What is done there first. */
  readonly act?: (page: Page) => Promise<void>;
  /** Projects of the token. Default: the one of the story. */
  readonly projects?: readonly string[];
  /** Default: all. */
  readonly permissions?: readonly string[];
  /** False: at the sign-in page. */
  readonly isSignedIn?: boolean;
  /** Of a view that is pictured beside. */
  readonly isState?: boolean;
}

export interface SceneNeeds extends Seeded {
  readonly github: Issuer;
  /** Seconds since 1970. */
  readonly now: number;
}

const BASE = `/projects/${PROJECT}`;
const click = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();

/** Every view of the console, by the name of its folder, in the order of its navigation. */
export function viewsOf({ registryIds, ruleId }: Seeded): Scene[] {
  const of = (name: string) => `${BASE}/registries/${registryIds.get(name)}`;
  return [
    { name: 'sign-in', path: '/sign-in', shows: /^Sign in/, isSignedIn: false },
    {
      name: 'projects',
      path: '/projects',
      shows: 'data-platform',
      projects: [PROJECT, ...Object.keys(OTHER_PROJECTS), 'sandbox'],
    },
    { name: 'overview', path: BASE, shows: 'Latest notices' },
    { name: 'registries', path: `${BASE}/registries`, shows: 'Docker Hub' },
    { name: 'add-registry', path: `${BASE}/registries/new?preset=Harbor`, shows: 'Test it first' },
    { name: 'registry', path: of('Harbor'), shows: 'Staged version' },
    { name: 'rotate', path: `${of('Harbor')}/rotate`, shows: 'Prove it' },
    { name: 'notices', path: `${BASE}/notices`, shows: /expires/ },
    { name: 'calendar', path: `${BASE}/calendar`, shows: 'Platform team' },
    { name: 'webhooks', path: `${BASE}/webhooks`, shows: 'Deliveries' },
    { name: 'audit', path: `${BASE}/audit`, shows: 'Attempts over time' },
    { name: 'audit-verify', path: `${BASE}/audit/verify`, shows: 'Keys that may sign', act: verify },
    { name: 'trust', path: `${BASE}/trust`, shows: 'Try a token' },
    { name: 'add-trust-rule', path: `${BASE}/trust/new?preset=GitHub+Actions`, shows: 'In words' },
    { name: 'trust-rule', path: `${BASE}/trust/${ruleId}`, shows: 'In words' },
  ];
}

/** What is not kept: for looking at while the console is changed. */
export function statesOf({ registryIds, github, now }: SceneNeeds): Scene[] {
  const of = (name: string) => `${BASE}/registries/${registryIds.get(name)}`;
  const tab = (name: string, at: string) => `${of(name)}?tab=${at}`;
  const states: Scene[] = [
    { name: 'signed-out', path: BASE, shows: 'Latest notices', act: signOut },
    { name: 'session-ended', path: BASE, shows: 'Latest notices', act: endSession },
    {
      name: 'forbidden',
      path: `${BASE}/audit`,
      shows: /does not grant/,
      permissions: ['iam:project:cicd:registry:read'],
    },
    { name: 'not-found', path: `${BASE}/nowhere`, shows: 'There is nothing here' },
    { name: 'offline', path: `${BASE}/registries`, shows: 'Docker Hub', act: goOffline },
    { name: 'failed', path: BASE, shows: 'Latest notices', act: failRequests },
    {
      name: 'empty-overview',
      path: '/projects/sandbox',
      shows: 'This project has no registries yet',
      projects: ['sandbox'],
    },
    {
      name: 'empty-registries',
      path: '/projects/sandbox/registries',
      shows: 'No registries yet',
      projects: ['sandbox'],
    },
    {
      name: 'empty-notices',
      path: '/projects/sandbox/notices',
      shows: 'Nothing has happened yet',
      projects: ['sandbox'],
    },
    { name: 'empty-trust', path: '/projects/sandbox/trust', shows: 'No trust rules yet', projects: ['sandbox'] },
    {
      name: 'empty-calendar',
      path: '/projects/sandbox/calendar',
      shows: 'No calendar feed yet',
      projects: ['sandbox'],
    },
    {
      name: 'registries-filters',
      path: `${BASE}/registries?status=EXPIRING&status=FAILING&unusedDays=30`,
      shows: 'Registries',
      act: (page) => click(page, /^Status/),
    },
    { name: 'registries-none', path: `${BASE}/registries?q=nothing-like-it`, shows: 'No registry matches' },
    { name: 'presets', path: `${BASE}/registries/new`, shows: 'Any other host' },
    {
      name: 'add-errors',
      path: `${BASE}/registries/new?preset=Docker+Hub`,
      shows: 'Test it first',
      act: (page) => click(page, 'Add the registry'),
    },
    {
      name: 'add-ecr',
      path: `${BASE}/registries/new?preset=Amazon+Elastic+Container+Registry`,
      shows: 'Test it first',
      act: openAll,
    },
    { name: 'add-tested', path: `${BASE}/registries/new?preset=Harbor`, shows: 'Test it first', act: testEntered },
    { name: 'registry-failing', path: tab('The old registry', 'health'), shows: 'What to do' },
    { name: 'registry-health', path: tab('Harbor', 'health'), shows: 'Proved' },
    { name: 'registry-minted', path: of('ECR Ireland'), shows: 'How passwords are minted' },
    { name: 'registry-retiring', path: of('Azure production'), shows: 'Retiring version' },
    { name: 'registry-long', path: of('Release candidates and nightly builds of all teams'), shows: 'Current version' },
    { name: 'registry-pipelines', path: tab('Azure production', 'pipelines'), shows: 'search/rollback' },
    { name: 'registry-leases', path: tab('Docker Hub', 'leases'), shows: 'checkout/build' },
    {
      name: 'registry-revoke',
      path: tab('Docker Hub', 'leases'),
      shows: 'checkout/build',
      act: (page) => click(page, 'Revoke all…'),
    },
    { name: 'registry-history', path: tab('GitHub packages', 'history'), shows: 'History' },
    {
      name: 'registry-then',
      path: `${tab('GitHub packages', 'history')}&asOf=${new Date((now - 20 * 86_400) * 1000).toISOString()}`,
      shows: 'History',
    },
    { name: 'registry-edit', path: tab('Harbor', 'edit'), shows: 'Details' },
    { name: 'registry-snippets', path: tab('Harbor', 'snippets'), shows: 'Use it in a pipeline' },
    { name: 'registry-delete', path: of('Docker Hub'), shows: 'Current version', act: (page) => click(page, 'Delete') },
    {
      name: 'registry-missing',
      path: `${BASE}/registries/00000000-0000-5000-8000-000000000000`,
      shows: 'No such registry',
    },
    { name: 'rotate-impact', path: `${of('Docker Hub')}/rotate`, shows: 'Enter the new credential' },
    { name: 'rotate-enter', path: `${of('Docker Hub')}/rotate?step=enter`, shows: 'Test it' },
    { name: 'rotate-now', path: `${of('Docker Hub')}/rotate?step=now`, shows: 'Replace the credential' },
    { name: 'rotate-watch', path: `${of('Azure production')}/rotate`, shows: /still hold|No lease holds/ },
    {
      name: 'calendar-create',
      path: `${BASE}/calendar`,
      shows: 'Platform team',
      act: (page) => click(page, 'Create a feed'),
    },
    {
      name: 'audit-entry',
      path: `${BASE}/audit`,
      shows: 'Attempts over time',
      act: (page) =>
        page
          .getByRole('table', { name: /^Entries/ })
          .getByRole('row')
          .nth(3)
          .click(),
    },
    { name: 'audit-export', path: `${BASE}/audit`, shows: 'Attempts over time', act: (page) => click(page, 'Export') },
    {
      name: 'audit-filters',
      path: `${BASE}/audit`,
      shows: 'Attempts over time',
      act: (page) => click(page, 'Filters'),
    },
    { name: 'audit-denied', path: `${BASE}/audit?outcome=DENIED`, shows: 'Attempts over time' },
    { name: 'verify-before', path: `${BASE}/audit/verify`, shows: 'Keys that may sign' },
    { name: 'trust-try', path: `${BASE}/trust`, shows: 'Try a token', act: (page) => tryToken(page, github, now) },
    { name: 'trust-add', path: `${BASE}/trust/new`, shows: 'Start from' },
    { name: 'account', path: BASE, shows: 'Latest notices', act: (page) => click(page, /^Signed in as/) },
  ];
  return states.map((state) => ({ ...state, isState: true }));
}

async function verify(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await page.getByText(/The log is whole|The chain is whole/).waitFor();
}

async function signOut(page: Page): Promise<void> {
  await click(page, /^Signed in as/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You have signed out.').waitFor();
}

async function endSession(page: Page): Promise<void> {
  await page.route('**/graphql*', (route) =>
    route.fulfill({ status: 401, json: { errors: [{ message: 'expired', extensions: { code: 'UNAUTHENTICATED' } }] } }),
  );
  await page.getByRole('link', { name: 'Registries' }).first().click();
  await page.getByRole('alertdialog').waitFor();
}

async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.getByText('This machine is offline.').waitFor();
}

async function failRequests(page: Page): Promise<void> {
  await page.route('**/graphql*', (route) =>
    route.fulfill({
      status: 200,
      json: { errors: [{ message: 'The service cannot reach its database.', extensions: { code: 'UNAVAILABLE' } }] },
    }),
  );
  await page.getByRole('link', { name: 'Webhooks' }).first().click();
  await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
}

async function openAll(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all()) await summary.click();
}

async function testEntered(page: Page): Promise<void> {
  await page.getByLabel('URL', { exact: true }).fill('artifacts.acme.example');
  await page.getByLabel('User name').fill('robot$shop+ci');
  await page.getByLabel('Password or token', { exact: true }).fill('not-a-real-password');
  await page.getByLabel('Repository to test with').fill('team/app');
  await click(page, 'Test it first');
  await page.getByRole('heading', { name: 'What the test found' }).waitFor();
}

async function tryToken(page: Page, github: Issuer, now: number): Promise<void> {
  const claims = {
    repository: 'acme/checkout',
    repository_id: '7401234',
    ref: 'refs/heads/main',
    event_name: 'push',
    sub: 'repo:acme/checkout:ref:refs/heads/main',
    workflow_ref: 'acme/checkout/.github/workflows/release.yml@refs/heads/main',
    run_id: '1742',
    actor: 'grace',
  };
  await page.getByLabel('Identity token', { exact: true }).fill(await github.sign(claims, now, 300));
  await click(page, 'Try it');
  await page.getByText('Rule by rule').waitFor();
}
