import type { TestProject } from 'vitest/node';
import { startProtocolDouble } from './protocol-double/start.ts';

/** Services under test keep their events in one protocol double, which outlives them all. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const double = await startProtocolDouble();
  project.provide('eventStore', { url: double.url() });
  return double.close;
}
