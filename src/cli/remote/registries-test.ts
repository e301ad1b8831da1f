import { z } from 'zod';
import { findRegistry, healthData, healthDetails, REGISTRY_ARGUMENT } from './registry.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';

const TEST = `mutation ($projectId: ID!, $id: ID!, $repository: String) {
  testRegistry(projectId: $projectId, id: $id, repository: $repository) {
    outcome login pull push repository testedAt advice } }`;

export const registriesTest = remote({
  summary: 'Tries the stored login at the registry. The exit code is 1 unless all is well.',
  argument: REGISTRY_ARGUMENT,
  options: {
    repository: { type: 'string', value: '<path>', summary: 'tries pulling and pushing there too, such as team/app' },
  },
  async run({ service, options, answer }) {
    const { id } = await findRegistry(service, options.registry);
    const variables = { id, repository: options.repository };
    const { testRegistry } = await service.ask(TEST, variables, z.object({ testRegistry: healthData }));
    answer(testRegistry, () => healthDetails(testRegistry));
    return testRegistry.outcome === 'OK' ? EXIT.done : EXIT.refused;
  },
});
