import type { TestProject } from 'vitest/node';
import { withAbsoluteFiles } from './store-url.ts';

/** Services under test keep their events in the server that EVENT_STORE_URL names. */
export default function setup(project: TestProject): void {
  const url = process.env.EVENT_STORE_URL;
  if (!url)
    throw new Error('EVENT_STORE_URL must name the server to test against, such as kurrentdb://host:2113?tls=false');
  project.provide('eventStore', { url: withAbsoluteFiles(url, process.cwd()) });
}
