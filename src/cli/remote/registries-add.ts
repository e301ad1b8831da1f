import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Option, UsageError } from '../command.ts';
import { enteredPassword, MINT_OPTIONS, mintInput, PASSWORD_OPTIONS } from './credential-options.ts';
import { checkedTime, chosen, fileOption, wholeNumber } from './option-values.ts';
import { PROVIDER_OPTION } from './registries-list.ts';
import { answerChange, PAYLOAD, payloadData } from './registry-change.ts';
import { remote } from './remote-command.ts';
import { visibleText } from './visible-text.ts';

const ACCESSES = ['PULL', 'PULL_AND_PUSH'];

export const ACCESS_OPTION = {
  access: {
    type: 'string',
    value: '<access>',
    choices: ACCESSES,
    summary: 'what the credential is good for (default: PULL_AND_PUSH)',
  },
} satisfies Record<string, Option>;

const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) ${PAYLOAD} }`;

export const registriesAdd = remote({
  summary: 'Registers a registry, once its login was tried.',
  argument: ['url', 'the registry, in any spelling of its URL'],
  options: {
    username: { type: 'string', value: '<name>', summary: 'whom to log in as; needed, but with --mint-federated' },
    ...PASSWORD_OPTIONS,
    'no-test': { type: 'boolean', summary: 'registers it without trying the login' },
    name: { type: 'string', value: '<text>', summary: 'what people call it (default: its URL)' },
    description: { type: 'string', value: '<text>', summary: 'a note for people' },
    email: { type: 'string', value: '<address>', summary: 'whom to write to about it' },
    ...ACCESS_OPTION,
    ...PROVIDER_OPTION,
    'rotate-every-days': { type: 'string', value: '<days>', summary: 'how often to rotate, 1 to 3650' },
    'auth-realm-host': { type: 'string', value: '<host>', summary: 'another host that may be sent the password' },
    'ca-certificate': { type: 'string', value: '<file>', summary: 'PEM of its private certificate authority' },
    ...MINT_OPTIONS,
  },
  notes:
    'The password is asked for on the terminal, without showing it, or comes from standard input with --password-stdin.',
  async run(call) {
    const { service, options } = call;
    const { url, username, name, description, email } = options;
    const mint = mintInput(options);
    if (username === undefined && mint?.federated !== true) {
      throw new UsageError('Name whom to log in as, by --username <name>.');
    }
    const input = {
      ...{ url, username, name, description, email },
      access: chosen(options, 'access', ACCESSES),
      provider: chosen(options, 'provider', PROVIDER_OPTION.provider.choices),
      rotateEveryDays: wholeNumber(options, 'rotate-every-days', 1),
      expiresAt: checkedTime(options, 'expires-at'),
      authRealmHost: options['auth-realm-host'],
      caCertificate: await fileOption(options, 'ca-certificate'),
      mint,
      verify: options['no-test'] !== true,
      idempotencyKey: randomUUID(),
    };
    const asked = `Password of ${visibleText(String(username))} at ${visibleText(String(url))}: `;
    const password = await enteredPassword(options, mint, asked);
    const { createRegistry } = await service.ask(
      CREATE,
      { input: { ...input, password } },
      z.object({ createRegistry: payloadData }),
    );
    return answerChange(call, createRegistry, `Registered ${createRegistry.registry.url}.`);
  },
});
