import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { PERMISSIONS, type Permission } from '../../src/domain/permissions.ts';
import { CANARY_MARKER } from './canary.ts';
import { expectNoAxeViolations } from './console-page.ts';

/** A view of the console, with the parts of it that have an address of their own. */
export interface ConsoleView {
  /** Below `/projects/<project>`. */
  readonly path: string;
  /** Its heading, when there is something to show. Views without one of their own are named after what they show. */
  readonly heading: string | RegExp;
  readonly permission: Permission;
  /** Whether it has another state while a project is empty. Default: true. */
  readonly isList?: boolean;
}

/** Of registries in the middle of a rotation. */
export const STAGED_HOST = 'staged.example.com';
export const RETIRING_HOST = 'retiring.example.com';

export interface ShownIds {
  readonly registryId: string;
  /** A version of it is staged. */
  readonly stagedId: string;
  /** Leases keep an older version of it. */
  readonly retiringId: string;
  readonly ruleId: string;
}

/** Every view of a project. `name` is that of the registry and of the rule. */
export function consoleViews(
  { registryId, stagedId, retiringId, ruleId }: ShownIds,
  name: string,
): readonly ConsoleView[] {
  const { registryRead, registryWrite, auditRead, trustRead, trustWrite } = PERMISSIONS;
  const registry = `/registries/${registryId}`;
  const one = { permission: registryRead, isList: false } as const;
  const rotation = { permission: registryWrite, isList: false } as const;
  return [
    { path: '', heading: 'Overview', permission: registryRead },
    { path: '/registries', heading: 'Registries', permission: registryRead },
    { path: '/registries/new', heading: 'Add a registry', permission: registryWrite, isList: false },
    {
      path: '/registries/new?preset=Docker+Hub',
      heading: 'Add Docker Hub',
      permission: registryWrite,
      isList: false,
    },
    { ...one, path: registry, heading: name },
    ...['health', 'pipelines', 'leases', 'history', 'edit', 'snippets'].map((tab) => ({
      ...one,
      path: `${registry}?tab=${tab}`,
      heading: name,
    })),
    { ...rotation, path: `${registry}/rotate`, heading: `Rotate ${name}` },
    { ...rotation, path: `${registry}/rotate?step=enter`, heading: `Rotate ${name}` },
    { ...rotation, path: `${registry}/rotate?step=now`, heading: `Rotate ${name}` },
    { ...rotation, path: `/registries/${stagedId}/rotate`, heading: `Rotate ${STAGED_HOST}` },
    { ...rotation, path: `/registries/${stagedId}/rotate?proved=2`, heading: `Rotate ${STAGED_HOST}` },
    { ...rotation, path: `/registries/${retiringId}/rotate`, heading: `Rotate ${RETIRING_HOST}` },
    { path: '/notices', heading: 'Notices', permission: registryRead },
    { path: '/calendar', heading: 'Calendar', permission: registryRead },
    { path: '/webhooks', heading: 'Webhooks', permission: registryRead },
    { path: '/audit', heading: 'Audit log', permission: auditRead },
    { path: '/audit/verify', heading: 'Verify the audit log', permission: auditRead, isList: false },
    { path: '/trust', heading: 'Trust rules', permission: trustRead },
    { path: '/trust/new', heading: 'Add a trust rule', permission: trustWrite, isList: false },
    { path: `/trust/${ruleId}`, heading: name, permission: trustRead, isList: false },
  ];
}

/** Goes there without loading the page again, which would forget who is signed in. */
export async function goTo(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
  await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor();
  await settles(page);
}

/** Waits until nothing is being loaded any more. */
export async function settles(page: Page): Promise<void> {
  const busy = page.locator('main [aria-busy="true"], main [role="status"]:has-text("Loading")');
  await expect.poll(() => busy.count()).toBe(0);
}

/** One way of showing the console that somebody may need. */
export interface Look {
  readonly name: string;
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly forcedColors?: 'active' | 'none';
}

export const LOOKS: readonly Look[] = [
  { name: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'dark at 360 px', width: 360, colorScheme: 'dark' },
  { name: 'light at 360 px', width: 360 },
];

/**
 * That axe finds nothing, and that the page is no wider than the window, in each of the looks. Where one has the width of another before
 * it, only its colours are new.
 */
export async function expectWellMade(page: Page, what: string, looks: readonly Look[] = LOOKS): Promise<void> {
  const seen = new Set<string>();
  for (const { name, width = 1280, colorScheme = 'light', forcedColors = 'none' } of looks) {
    await page.emulateMedia({ colorScheme, forcedColors, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    const shape = `${width} ${forcedColors}`;
    await expectNoAxeViolations(page, `${what}, ${name}`, seen.has(shape) ? 'colours' : undefined);
    seen.add(shape);
    const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(over, `${what}, ${name}: wider than the window by`).toBeLessThanOrEqual(0);
  }
}

/** Whether a password of the tests stands anywhere in the page, in its markup or in a field. */
export async function holdsSecret(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    `[document.documentElement.outerHTML, ...[...document.querySelectorAll('input, textarea')].map(({ value }) => value)]
      .some((part) => part.includes(${JSON.stringify(CANARY_MARKER)}))`,
  );
}
