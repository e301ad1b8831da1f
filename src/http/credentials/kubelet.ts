import { decodeJwt } from 'jose';
import * as z from 'zod';
import type { IssueCredentialCommand } from '../../application/lease/issue-credential.ts';
import { AuthenticationFailed, type Authenticator } from '../../application/ports/authenticator.ts';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { parseImageReference } from '../../domain/image-reference.ts';
import { runWindow } from '../../domain/run-window.ts';
import { Secret } from '../../domain/secret.ts';
import { parseBody } from '../request-body.ts';
import type { CredentialAnswer, CredentialProtocol } from './credential-protocol.ts';
import { ttlSecondsIn } from './parameters.ts';

const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1';
const TTL_SECONDS = 3600;
/** A token has at most 8 KiB; the rest are annotations. */
const MAX_BODY_BYTES = 64 * 1024;

/** `CredentialProviderRequest` of kubernetes `staging/src/k8s.io/kubelet/pkg/apis/credentialprovider/v1/types.go`. */
const requestSchema = z.looseObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('CredentialProviderRequest'),
  image: z.string().min(1),
  serviceAccountToken: z.string().optional(),
});

const podSchema = z.object({ 'kubernetes.io': z.object({ pod: z.object({ uid: z.string().min(1).max(255) }) }) });

interface Asked {
  /** With its host. */
  readonly image: string;
  readonly host: string;
  readonly pipeline: string;
  /** Undefined if the token belongs to no pod. */
  readonly pod: string | undefined;
  readonly ttlSeconds: number;
}

/**
 * `POST /v1/kubelet`: what the kubelet's image credential provider gets on its standard input, and what it prints. The
 * token of the pod's service account says who asks, and the pod is the run.
 */
export function kubelet(authenticator: Pick<Authenticator, 'authenticate'>): CredentialProtocol<Asked> {
  return {
    path: '/v1/kubelet',
    name: 'kubelet',
    parameters: ['pipeline', 'ttlSeconds'],
    takesJson: true,
    maxBodyBytes: MAX_BODY_BYTES,
    maxCredentials: 1,
    caller: { identify: ({ body }) => authenticator.authenticate(tokenIn(body)) },

    read({ principal, parameters, body }) {
      const parsed = requestSchema.safeParse(parseBody(body));
      if (!parsed.success) {
        throw badUserInput('body', `The body must be a CredentialProviderRequest of ${API_VERSION}.`);
      }
      const { image, serviceAccountToken } = parsed.data;
      const { host, name } = readAsTheKubeletDoes(image);
      const pod = podSchema.safeParse(serviceAccountToken === undefined ? {} : decodeJwt(serviceAccountToken));
      return {
        image: name,
        host,
        pipeline: parameters.get('pipeline') ?? principal.subject,
        pod: pod.data?.['kubernetes.io'].pod.uid,
        ttlSeconds: ttlSecondsIn(parameters, TTL_SECONDS),
      };
    },

    entered: ({ image, pipeline, pod }) => ({ image: new Secret(image), pipeline, runId: pod }),

    async answer(context, projectId, { image, host, pipeline, pod, ttlSeconds }, { application, now }) {
      const command: IssueCredentialCommand = {
        image,
        purpose: 'PULL',
        pipeline,
        runId: pod ?? runWindow(now(), ttlSeconds),
        ttlSeconds,
        form: 'PASSWORD_ONLY',
        idempotencyKey: undefined,
      };
      try {
        const { username, password, lease } = await application.issueCredential(context, projectId, command);
        const left = Math.max(0, Math.floor((Date.parse(lease.expiresAt) - now()) / 1000));
        return answerWith(left, { [host]: { username, password: password.reveal() } });
      } catch (error) {
        if (!(error instanceof PurserError) || error.code !== 'NOT_FOUND') throw error;
        // The kubelet then pulls with what else it has. It asks again at the next pull: the registry may be added meanwhile.
        return { ...answerWith(0, null), code: error.code };
      }
    },
  };
}

/**
 * The kubelet sends what it is given to the host of the image, by Docker's rules: without a slash it is one of Docker Hub,
 * though `registry.example:5000` alone means a registry elsewhere.
 */
function readAsTheKubeletDoes(image: string): { readonly host: string; readonly name: string } {
  const { host, repository, tag, digest } = parseImageReference(image);
  const version = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return { host, name: `${host}/${repository}${version}` };
}

/** `CredentialProviderResponse`. A pattern is the host as the image has it: the kubelet compares ports too. */
function answerWith(cacheSeconds: number, auth: object | null): CredentialAnswer {
  return {
    status: 200,
    body: {
      apiVersion: API_VERSION,
      kind: 'CredentialProviderResponse',
      // The audit log has each image, and a rule for some repositories holds for each.
      cacheKeyType: 'Image',
      cacheDuration: `${cacheSeconds}s`,
      auth,
    },
  };
}

/** @throws AuthenticationFailed, also for a body that is no request: without a token it is nobody's */
function tokenIn(body: Buffer): string {
  let parsed: unknown;
  try {
    parsed = parseBody(body);
  } catch {
    throw new AuthenticationFailed('missing');
  }
  const token = z.object({ serviceAccountToken: z.string().min(1) }).safeParse(parsed);
  if (!token.success) throw new AuthenticationFailed('missing');
  return token.data.serviceAccountToken;
}
