import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_CHANGES } from './crash/archive-points/changes.ts';
import { CHANGES } from './crash/fail-points/changes.ts';
import { PLANTED_FAULTS } from './crash/planted-faults.ts';
import { type Fault, putIn } from './support/mutant.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** Tests that build the service with these take long: that a line was rewritten is to be seen before. */
describe('what tests change in the sources of a service that they build', () => {
  const changes: [string, Fault][] = [...PLANTED_FAULTS, ...CHANGES, ...ARCHIVE_CHANGES].map((change) => [
    `${change.file}: ${change.find}`,
    change,
  ]);

  it.each(changes)('fits %s', (_, change) => {
    const source = readFileSync(SRC + change.file, 'utf8');
    expect(putIn(source, change)).not.toBe(source);
  });

  it('is found not to fit a line that was rewritten', () => {
    const fault: Fault = { file: 'cli/serve.ts', find: 'await service.close();', replace: '' };
    expect(() => putIn('await service.end();', fault)).toThrow('the fault does not fit: "await service.close();"');
  });
});
