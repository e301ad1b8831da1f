import { type Browser, chromium } from 'playwright-core';
import { pathOf } from './required-tools.ts';

/**
 * Chromium without a window. Debian's headless shell is the same engine without the browser's own interface, which Chromium draws
 * for each context and which takes more than half of its time.
 */
export function launchBrowser(): Promise<Browser> {
  const executablePath = pathOf('chromium-headless-shell') ?? pathOf('chromium') ?? '';
  return chromium.launch({ executablePath });
}
