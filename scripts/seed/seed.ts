import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { PLAN } from './plan.ts';
import { createPurserApi } from './purser-api.ts';
import { startRefusingRegistry } from './refusing-registry.ts';
import { type Done, seedProject } from './seed-project.ts';

export interface SeedOptions {
  /** The service, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** A token with these permissions in each of the projects. */
  readonly tokenFor: (
    subject: string,
    projectIds: readonly string[],
    permissions: readonly string[],
  ) => Promise<string>;
  readonly say: (line: string) => void;
}

/** Fills a service through its API with what a team has after some weeks. @returns how many steps were done */
export async function seed({ url, tokenFor, say }: SeedOptions): Promise<number> {
  await using refusing = await startRefusingRegistry();
  if (!refusing) say('The port of the registry that refuses logins is taken, so testing it gives another result.');
  const everything = Object.values(PERMISSIONS);
  let steps = 0;
  for (const project of PLAN) {
    const caller = async (subject: string, permissions: readonly string[], projectId = project.id) =>
      createPurserApi(url, await tokenFor(subject, [projectId], permissions));
    const done = await seedProject(project, {
      person: (name) => caller(name, everything),
      pipeline: (name) => caller(`pipeline:${name}`, [PERMISSIONS.registryUse]),
      stranger: () => caller('mallory', [PERMISSIONS.registryRead], 'elsewhere'),
    });
    say(`${project.id}: ${summary(done)}`);
    for (const reason of done.leftOut) say(`  left out ${reason}`);
    steps += stepsOf(done);
  }
  return steps;
}

function stepsOf({ leftOut: _, ...counts }: Done): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function summary({ created, rotated, deleted, tested, issued, released, refused }: Done): string {
  const parts = [
    created > 0 && `${created} registries created`,
    rotated > 0 && `${rotated} rotations`,
    tested > 0 && `${tested} tested`,
    deleted > 0 && `${deleted} deleted`,
    issued > 0 && `${issued} credentials issued`,
    released > 0 && `${released} leases released`,
    refused > 0 && `${refused} attempts refused`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : 'everything is there already';
}
