import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Option } from '../command.ts';
import { chosen, wholeNumber } from './option-values.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { details, minute } from './table.ts';

const PURPOSES = ['PULL', 'PUSH'];
const FORMS = ['PASSWORD', 'REGISTRY_TOKEN'];
const PARTS = ['PASSWORD', 'DOCKER_CONFIG'];
/** Seconds. */
const USUAL_TTL = 900;

const ISSUE = `mutation ($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) {
    form serverAddress username password expiresAt dockerConfigJson caCertificate
    lease { id url credentialVersion pipeline runId purpose expiresAt } } }`;

const issued = z.object({
  issueCredential: z.object({
    form: z.string(),
    serverAddress: z.string(),
    username: z.string(),
    password: z.string(),
    expiresAt: z.string().nullable(),
    dockerConfigJson: z.string(),
    caCertificate: z.string().nullable(),
    lease: z.object({
      id: z.string(),
      url: z.string(),
      credentialVersion: z.int(),
      pipeline: z.string(),
      runId: z.string().nullable(),
      purpose: z.string(),
      expiresAt: z.string(),
    }),
  }),
});

export const PIPELINE_OPTIONS = {
  pipeline: { type: 'string', value: '<name>', summary: 'which pipeline asks (default: PURSER_PIPELINE)' },
  'run-id': { type: 'string', value: '<id>', summary: 'which run of it (default: PURSER_RUN_ID)' },
} satisfies Record<string, Option>;

export const issue = remote({
  summary: 'Issues a credential for an image or a registry, under a lease.',
  argument: ['image', 'the image, or the registry'],
  options: {
    ...PIPELINE_OPTIONS,
    purpose: { type: 'string', choices: PURPOSES, summary: 'what for (default: PULL)' },
    form: {
      type: 'string',
      choices: FORMS,
      summary: 'a password, or a token for this repository alone (default: PASSWORD)',
    },
    'ttl-seconds': { type: 'string', value: '<seconds>', summary: `how long, 60 to 86400 (default: ${USUAL_TTL})` },
    only: {
      type: 'string',
      value: '<part>',
      choices: PARTS,
      summary: 'prints nothing but this part: password, docker-config',
    },
  },
  notes: 'On a terminal the password is shown only if you ask for it by --only password, or --json.',
  async run({ service, options, environment, answer, say, output }) {
    const only = chosen(options, 'only', PARTS);
    const input = {
      image: options.image,
      pipeline: options.pipeline ?? environment.PURSER_PIPELINE ?? '',
      runId: options['run-id'] ?? environment.PURSER_RUN_ID,
      purpose: chosen(options, 'purpose', PURPOSES) ?? 'PULL',
      form: chosen(options, 'form', FORMS) ?? 'PASSWORD',
      ttlSeconds: wholeNumber(options, 'ttl-seconds', 60) ?? USUAL_TTL,
      idempotencyKey: randomUUID(),
    };
    const { issueCredential: credential } = await service.ask(ISSUE, { input }, issued);
    const { lease, form } = credential;
    if (form !== input.form) {
      say('It is a registry token, because your trust rule permits no password: `docker login` takes none.');
    }
    if (only === 'PASSWORD') output.stdout.write(`${credential.password}\n`);
    else if (only === 'DOCKER_CONFIG') output.stdout.write(`${credential.dockerConfigJson}\n`);
    else {
      answer(credential, () =>
        details([
          ['Server', credential.serverAddress],
          ['User name', credential.username],
          [form === 'REGISTRY_TOKEN' ? 'Token' : 'Password', 'not shown: --only password'],
          ['Version', lease.credentialVersion],
          ['Expires', minute(credential.expiresAt)],
          ['Lease', lease.id],
          ['Pipeline', lease.runId === null ? lease.pipeline : `${lease.pipeline} (run ${lease.runId})`],
          ['Purpose', lease.purpose],
          ['Lease ends', minute(lease.expiresAt)],
        ]),
      );
    }
    return EXIT.done;
  },
});
