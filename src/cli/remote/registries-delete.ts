import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { YES } from './credential-options.ts';
import { confirmByTyping } from './prompt.ts';
import { REGISTRY_ARGUMENT } from './registry.ts';
import { registryWithItsUsers } from './registry-change.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { visibleText } from './visible-text.ts';

const DELETE = `mutation ($projectId: ID!, $id: ID!, $input: DeleteRegistryInput!) {
  deleteRegistry(projectId: $projectId, id: $id, input: $input) { deletedId url } }`;

const deleted = z.object({ deleteRegistry: z.object({ deletedId: z.string(), url: z.string() }) });

export const registriesDelete = remote({
  summary: 'Deletes a registry and destroys its password, once its URL was typed.',
  argument: REGISTRY_ARGUMENT,
  options: {
    force: { type: 'boolean', summary: 'also if leases are active' },
    ...YES,
  },
  notes: 'It says first who uses the registry.',
  async run(call) {
    const { service, options, answer } = call;
    const { id, url, revision } = await registryWithItsUsers(call);
    const shown = visibleText(url);
    await confirmByTyping(options.yes === true, `This deletes ${shown} and destroys its password.`, shown);
    const input = { force: options.force === true, expectedRevision: revision, idempotencyKey: randomUUID() };
    const { deleteRegistry } = await service.ask(DELETE, { id, input }, deleted);
    answer(deleteRegistry, () => `Deleted ${shown}.\n`);
    return EXIT.done;
  },
});
