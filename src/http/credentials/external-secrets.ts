import * as z from 'zod';
import { MAX_CREDENTIALS } from '../../application/lease/issue-credentials.ts';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { runWindow } from '../../domain/run-window.ts';
import { Secret } from '../../domain/secret.ts';
import { parseBody } from '../request-body.ts';
import type { AskingRequest, CredentialProtocol } from './credential-protocol.ts';
import { purposeIn, ttlSecondsIn } from './parameters.ts';

const TTL_SECONDS = 7200;

interface Asked {
  readonly registries: readonly string[];
  readonly purpose: 'PULL' | 'PUSH';
  readonly pipeline: string;
  readonly ttlSeconds: number;
}

const bodySchema = z.looseObject({ registries: z.union([z.string(), z.array(z.string())]) });

/**
 * `POST /v1/external-secrets`: what the webhook provider of External Secrets Operator can take as a Secret of the type
 * `kubernetes.io/dockerconfigjson` (external-secrets `docs/provider/webhook.md`). The operator asks again and again, and what
 * it gets stays in the Secret until it does: so each answer is good for at least half of `ttlSeconds`.
 */
export const externalSecrets: CredentialProtocol<Asked> = {
  path: '/v1/external-secrets',
  name: 'external-secrets',
  parameters: ['pipeline', 'purpose', 'ttlSeconds'],
  takesJson: true,
  maxBodyBytes: 32 * 1024,
  maxCredentials: MAX_CREDENTIALS,
  caller: 'token',
  read,
  entered: ({ registries: [first, ...others], pipeline }) => ({
    pipeline,
    ...(first !== undefined && others.length === 0 && { image: new Secret(first) }),
  }),

  async answer(context, projectId, { registries, ttlSeconds, ...lease }, { application, now }) {
    const runId = runWindow(now(), ttlSeconds);
    // Kubernetes does not know `registrytoken`, and the Secret outlives such a token.
    const same = { ...lease, runId, ttlSeconds, form: 'PASSWORD_ONLY', idempotencyKey: undefined } as const;
    const commands = registries.map((image) => ({ ...same, image }));
    try {
      const { credentials, dockerConfigJson } = await application.issueCredentials(context, projectId, commands);
      const [expiresAt] = credentials.map((one) => one.lease.expiresAt).sort();
      return { status: 200, body: { dockerconfigjson: dockerConfigJson.reveal(), expiresAt } };
    } catch (error) {
      // The operator takes 404 for "the secret was deleted". One registry of several must not take away the others.
      if (error instanceof PurserError && error.code === 'NOT_FOUND' && registries.length > 1) {
        throw badUserInput('registries', 'One of the registries does not exist in this project.');
      }
      throw error;
    }
  },
};

function read({ principal, parameters, body }: AskingRequest): Asked {
  const parsed = bodySchema.safeParse(parseBody(body));
  const given = parsed.data?.registries ?? [];
  const registries = typeof given === 'string' ? given.split(/[\s,]+/).filter((name) => name !== '') : given;
  if (registries.length === 0 || registries.length > MAX_CREDENTIALS) {
    throw badUserInput(
      'registries',
      `The body must name 1 to ${MAX_CREDENTIALS} registries, such as {"registries":"ghcr.io, docker.io"}.`,
    );
  }
  return {
    registries,
    purpose: purposeIn(parameters),
    pipeline: parameters.get('pipeline') ?? principal.subject,
    ttlSeconds: ttlSecondsIn(parameters, TTL_SECONDS),
  };
}
