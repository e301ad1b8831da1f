import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFiles } from '../../console/build/list-files.ts';

export const PAGE_TEXT = `<!doctype html><meta name="purser-settings" content="" /><title>Purser</title><script type="module" src="/assets/index-A1b2C3d4.js"></script>\n`;
export const SCRIPT = '/assets/index-A1b2C3d4.js';
export const SCRIPT_TEXT = `document.title = 'Purser';\n`.repeat(50);
export const STYLE = '/assets/index-E5f6G7h8.css';
export const PICTURE = '/assets/icon-I9j0K1l2.png';

/** A built console, small, in a folder of its own. */
export async function buildConsoleFixture({ styles = [] }: { styles?: readonly string[] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'purser-console-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE_TEXT);
  await writeFile(join(folder, SCRIPT), SCRIPT_TEXT);
  await writeFile(join(folder, STYLE), 'body { margin: 0 }\n');
  await writeFile(join(folder, PICTURE), Buffer.alloc(20, 0x89));
  await listFiles(folder, styles);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
