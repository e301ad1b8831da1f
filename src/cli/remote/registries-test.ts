import * as z from 'zod';
import {
  findRegistry,
  healthData,
  healthDetails,
  REGISTRY_ARGUMENT,
  type Registry,
  stagedVersion,
} from './registry.ts';
import { type Call, remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { visibleText } from './visible-text.ts';

const FOUND = 'outcome login pull push repository testedAt advice';
const TEST = `mutation ($projectId: ID!, $id: ID!, $repository: String) {
  testRegistry(projectId: $projectId, id: $id, repository: $repository) { ${FOUND} } }`;
const TEST_STAGED = `mutation ($projectId: ID!, $id: ID!, $version: Int!) {
  testStagedCredential(projectId: $projectId, id: $id, version: $version) {
    provesEnough reason staged { ${FOUND} } active { ${FOUND} } } }`;

const stagedTestData = z.object({
  provesEnough: z.boolean(),
  reason: z.string().nullable(),
  staged: healthData,
  active: healthData.nullable(),
});

export const registriesTest = remote({
  summary: 'Tries the stored login at the registry. The exit code is 1 unless all is well.',
  argument: REGISTRY_ARGUMENT,
  options: {
    repository: { type: 'string', value: '<path>', summary: 'tries pulling and pushing there too, such as team/app' },
    staged: {
      type: 'boolean',
      summary: 'tries the staged password beside the one in use, as `registries activate` does',
    },
  },
  async run(call) {
    const { service, options, answer } = call;
    const registry = await findRegistry(service, options.registry);
    if (options.staged === true) return testStaged(call, registry);
    const variables = { id: registry.id, repository: options.repository };
    const { testRegistry } = await service.ask(TEST, variables, z.object({ testRegistry: healthData }));
    answer(testRegistry, () => healthDetails(testRegistry));
    return testRegistry.outcome === 'OK' ? EXIT.done : EXIT.refused;
  },
});

/** As an activation would test it: where, the service decides. */
async function testStaged({ service, answer }: Call, registry: Registry): Promise<number> {
  const variables = { id: registry.id, version: stagedVersion(registry) };
  const data = z.object({ testStagedCredential: stagedTestData });
  const { testStagedCredential: found } = await service.ask(TEST_STAGED, variables, data);
  answer(found, () => {
    const staged = `Staged\n${healthDetails(found.staged)}`;
    const active =
      found.active === null ? 'In use: its password is missing.\n' : `In use\n${healthDetails(found.active)}`;
    return `${visibleText(found.reason ?? 'It proves enough to be activated.')}\n\n${staged}\n${active}`;
  });
  return found.provesEnough ? EXIT.done : EXIT.refused;
}
