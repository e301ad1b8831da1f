import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { enteredPassword, MINT_OPTIONS, mintInput, PASSWORD_OPTIONS } from './credential-options.ts';
import { checkedTime } from './option-values.ts';
import { findRegistry, REGISTRY_ARGUMENT } from './registry.ts';
import { answerChange, PAYLOAD, payloadData } from './registry-change.ts';
import { remote } from './remote-command.ts';
import { visibleText } from './visible-text.ts';

const STAGE = `mutation ($projectId: ID!, $id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: $projectId, id: $id, input: $input) ${PAYLOAD} }`;

export const registriesStage = remote({
  summary: 'Stores the next password beside the one in use, until `registries activate`.',
  argument: REGISTRY_ARGUMENT,
  options: {
    username: { type: 'string', value: '<name>', summary: 'a new user name (default: it stays)' },
    ...PASSWORD_OPTIONS,
    ...MINT_OPTIONS,
  },
  async run(call) {
    const { service, options } = call;
    const mint = mintInput(options);
    const expiresAt = checkedTime(options, 'expires-at');
    const { id, url, revision, username } = await findRegistry(service, options.registry);
    const asked = `Next password of ${visibleText(String(options.username ?? username))} at ${visibleText(url)}: `;
    const password = await enteredPassword(options, mint, asked);
    const input = {
      ...{ username: options.username, password, mint, expiresAt, expectedRevision: revision },
      idempotencyKey: randomUUID(),
    };
    const { stageCredential } = await service.ask(STAGE, { id, input }, z.object({ stageCredential: payloadData }));
    const staged = stageCredential.registry.credential.staged?.version;
    return answerChange(call, stageCredential, `Version ${staged} of ${url} is staged.`);
  },
});
