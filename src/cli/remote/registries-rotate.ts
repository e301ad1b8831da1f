import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { enteredPassword, MINT_OPTIONS, mintInput, PASSWORD_OPTIONS, YES } from './credential-options.ts';
import { checkedTime } from './option-values.ts';
import { confirm } from './prompt.ts';
import { REGISTRY_ARGUMENT } from './registry.ts';
import { answerChange, PAYLOAD, payloadData, registryWithItsUsers } from './registry-change.ts';
import { remote } from './remote-command.ts';
import { visibleText } from './visible-text.ts';

const ROTATE = `mutation ($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) ${PAYLOAD} }`;

export const registriesRotate = remote({
  summary: 'Replaces the password at once, once the new login was tried. The old one is destroyed.',
  argument: REGISTRY_ARGUMENT,
  options: {
    username: { type: 'string', value: '<name>', summary: 'a new user name (default: it stays)' },
    ...PASSWORD_OPTIONS,
    'no-test': { type: 'boolean', summary: 'replaces it without trying the login' },
    'refuse-in-use': { type: 'boolean', summary: 'does nothing if leases are active' },
    ...MINT_OPTIONS,
    ...YES,
  },
  notes:
    'It says first who uses the registry. To keep the old password for the pipelines under way: `purser registries stage`.',
  async run(call) {
    const { service, options } = call;
    const mint = mintInput(options);
    const expiresAt = checkedTime(options, 'expires-at');
    const { id, url, revision, username } = await registryWithItsUsers(call);
    await confirm(options.yes === true, `Replace the password of ${visibleText(url)}?`);
    const asked = `New password of ${visibleText(String(options.username ?? username))} at ${visibleText(url)}: `;
    const password = await enteredPassword(options, mint, asked);
    const input = {
      ...{ username: options.username, password, mint, expiresAt, expectedRevision: revision },
      verify: options['no-test'] !== true,
      whenInUse: options['refuse-in-use'] === true ? 'REFUSE' : 'PROCEED',
      idempotencyKey: randomUUID(),
    };
    const { rotateCredential } = await service.ask(ROTATE, { id, input }, z.object({ rotateCredential: payloadData }));
    const { version } = rotateCredential.registry.credential;
    return answerChange(call, rotateCredential, `${url} has version ${version}.`);
  },
});
