import * as z from 'zod';
import { MAX_CREDENTIALS } from '../../application/lease/issue-credentials.ts';
import type { IssuedCredential } from '../../application/lease/issued-credential.ts';
import type { SignedRequests } from '../../application/ports/signed-requests.ts';
import type { RequestContext } from '../../application/request-context.ts';
import { badUserInput, type ErrorCode, PurserError } from '../../domain/errors.ts';
import { parseBody } from '../request-body.ts';
import type { AskingRequest, CredentialProtocol, CredentialServices } from './credential-protocol.ts';
import { ttlSecondsIn } from './parameters.ts';

const TTL_SECONDS = 3600;
/** A pipeline of a large change lists all its files. */
const MAX_BODY_BYTES = 1024 * 1024;
/** A registry without a credential that works is none of the pipeline's; all others must not suffer. */
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(['CREDENTIAL_UNAVAILABLE', 'NOT_FOUND', 'FORBIDDEN']);

/** Of woodpecker-ci/woodpecker, `server/services/registry/http.go` with `server/model/repo.go` and `pipeline.go`. */
const requestSchema = z.looseObject({
  repo: z.looseObject({ full_name: z.string() }),
  pipeline: z.looseObject({ number: z.number().int().min(1) }),
});

interface Asked {
  readonly pipeline: string;
  readonly runId: string;
  readonly ttlSeconds: number;
  /** Undefined: all of the project. */
  readonly registries: readonly string[] | undefined;
}

/**
 * `POST /v1/woodpecker`: the registry extension of Woodpecker CI. It asks once for each pipeline, and takes the credentials
 * of all registries that the pipeline may pull from.
 */
export function woodpecker({ screen, identify }: SignedRequests): CredentialProtocol<Asked> {
  return {
    path: '/v1/woodpecker',
    name: 'woodpecker',
    parameters: ['registries', 'ttlSeconds'],
    takesJson: true,
    maxBodyBytes: MAX_BODY_BYTES,
    maxCredentials: MAX_CREDENTIALS,
    caller: { screen, identify },
    read,
    entered: ({ pipeline, runId }) => ({ pipeline, runId }),

    async answer(context, projectId, asked, services) {
      const registries = asked.registries ?? (await registriesOf(context, projectId, services));
      if (registries.length > MAX_CREDENTIALS) {
        const { pipeline, runId } = asked;
        const attempt = { projectId, action: 'ISSUE_CREDENTIALS', pipeline, runId, field: 'registries' } as const;
        await services.application.recordFailed(context, attempt, 'BAD_USER_INPUT');
        throw badUserInput(
          'registries',
          `Name 1 to ${MAX_CREDENTIALS} registries in the URL, such as &registries=ghcr.io,docker.io: the project has more.`,
        );
      }
      const settled = await Promise.allSettled(
        registries.map(async (url) => ({ url, issued: await issue(context, projectId, url, asked, services) })),
      );
      const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      const fault = refused.find((reason) => !(reason instanceof PurserError && LEFT_OUT.has(reason.code)));
      if (fault !== undefined) throw fault;
      const given = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const [first] = refused;
      if (given.length === 0) {
        return { status: 204, body: '', code: first instanceof PurserError ? first.code : 'NOT_FOUND' };
      }
      const entries = given.map(({ url: address, issued: { username, password } }) => ({
        address,
        username,
        password: password.reveal(),
      }));
      return { status: 200, body: { registries: entries } };
    },
  };
}

function read({ parameters, body }: AskingRequest): Asked {
  const parsed = requestSchema.safeParse(parseBody(body));
  if (!parsed.success) throw badUserInput('body', 'The body must have `repo.full_name` and `pipeline.number`.');
  const { repo, pipeline } = parsed.data;
  return {
    pipeline: repo.full_name,
    runId: String(pipeline.number),
    ttlSeconds: ttlSecondsIn(parameters, TTL_SECONDS),
    registries: parameters
      .get('registries')
      ?.split(',')
      .filter((url) => url !== ''),
  };
}

/** One more than may be asked for, if there are so many. */
async function registriesOf(
  { principal }: RequestContext,
  projectId: string,
  { application, queries }: CredentialServices,
): Promise<readonly string[]> {
  await application.readable(principal);
  const order = { field: 'URL', direction: 'ASC' } as const;
  const page = { filter: {}, order, first: MAX_CREDENTIALS + 1, after: undefined, withLatestChange: false };
  const { items } = await queries.registries.list(projectId, page);
  return items.map(({ node }) => node.url);
}

function issue(
  context: RequestContext,
  projectId: string,
  url: string,
  { pipeline, runId, ttlSeconds }: Asked,
  { application }: CredentialServices,
): Promise<IssuedCredential> {
  // A host alone could be the name of an image.
  const image = `https://${url}`;
  const asked = { purpose: 'PULL', form: 'PASSWORD_ONLY', idempotencyKey: undefined } as const;
  return application.issueCredential(context, projectId, { ...asked, image, pipeline, runId, ttlSeconds });
}
