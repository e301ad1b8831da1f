import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { YES } from './credential-options.ts';
import { wholeNumber } from './option-values.ts';
import { confirm } from './prompt.ts';
import { REGISTRY_ARGUMENT, stagedVersion } from './registry.ts';
import { answerChange, PAYLOAD, payloadData, registryWithItsUsers } from './registry-change.ts';
import { remote } from './remote-command.ts';
import { visibleText } from './visible-text.ts';

const ACTIVATE = `mutation ($projectId: ID!, $id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: $projectId, id: $id, input: $input) ${PAYLOAD} }`;

export const registriesActivate = remote({
  summary: 'Makes the staged password the one in use, once it proved as much.',
  argument: REGISTRY_ARGUMENT,
  options: {
    'grace-minutes': {
      type: 'string',
      value: '<minutes>',
      summary: 'how long leases under way keep the password before, 0 to 1440 (default: 0)',
    },
    'no-test': { type: 'boolean', summary: 'activates it without trying the login' },
    ...YES,
  },
  notes: 'It says first who uses the registry.',
  async run(call) {
    const { service, options } = call;
    const graceMinutes = wholeNumber(options, 'grace-minutes', 0) ?? 0;
    const registry = await registryWithItsUsers(call);
    const { id, url, revision } = registry;
    const version = stagedVersion(registry);
    await confirm(options.yes === true, `Use version ${version} of ${visibleText(url)} from now on?`);
    const verify = options['no-test'] !== true;
    const input = { version, graceMinutes, verify, expectedRevision: revision, idempotencyKey: randomUUID() };
    const { activateCredential } = await service.ask(
      ACTIVATE,
      { id, input },
      z.object({ activateCredential: payloadData }),
    );
    return answerChange(call, activateCredential, `Version ${version} of ${url} is in use.`);
  },
});
