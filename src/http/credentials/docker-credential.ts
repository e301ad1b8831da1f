import { isUtf8 } from 'node:buffer';
import type { IssueCredentialCommand } from '../../application/lease/issue-credential.ts';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { Secret } from '../../domain/secret.ts';
import { CREDENTIALS_NOT_FOUND, isOtherKey, MAX_SERVER_URL, registryOfServerUrl } from '../../domain/server-url.ts';
import type { AskingRequest, CredentialAnswer, CredentialProtocol } from './credential-protocol.ts';
import { purposeIn, ttlSecondsIn } from './parameters.ts';

interface Asked {
  /** As the client wrote it: it looks up exactly this text. */
  readonly serverUrl: string;
  readonly command: IssueCredentialCommand;
}

/** Clients ask again at each pull or push. Seconds. */
const TTL_SECONDS = 900;

/**
 * `POST /v1/docker-credential/get`: what a credential helper gets on its standard input, and what it prints
 * (docker/docker-credential-helpers, `credentials/credentials.go`).
 */
export const dockerCredential: CredentialProtocol<Asked> = {
  path: '/v1/docker-credential/get',
  name: 'docker-credential',
  parameters: ['pipeline', 'runId', 'purpose', 'ttlSeconds'],
  takesJson: false,
  maxBodyBytes: MAX_SERVER_URL,
  maxCredentials: 1,
  caller: 'token',
  read,
  entered: ({ command: { image, pipeline, runId } }) => ({
    image: new Secret(image),
    pipeline,
    runId: runId ?? undefined,
  }),

  async answer(context, projectId, { serverUrl, command }, { application }) {
    if (isOtherKey(serverUrl)) return NOT_FOUND;
    try {
      const { username, password } = await application.issueCredential(context, projectId, command);
      return { status: 200, body: { ServerURL: serverUrl, Username: username, Secret: password.reveal() } };
    } catch (error) {
      if (error instanceof PurserError && error.code === 'NOT_FOUND') return NOT_FOUND;
      throw error;
    }
  },
};

/** After this, clients go on anonymously. */
const NOT_FOUND: CredentialAnswer = { status: 404, body: `${CREDENTIALS_NOT_FOUND}\n`, code: 'NOT_FOUND' };

function read({ principal, parameters, body }: AskingRequest): Asked {
  const serverUrl = isUtf8(body) ? body.toString().trim() : '';
  if (serverUrl === '') throw badUserInput('body', 'no credentials server URL');
  return {
    serverUrl,
    command: {
      image: registryOfServerUrl(serverUrl),
      purpose: purposeIn(parameters),
      pipeline: parameters.get('pipeline') ?? principal.subject,
      runId: parameters.get('runId'),
      ttlSeconds: ttlSecondsIn(parameters, TTL_SECONDS),
      form: 'PASSWORD_ONLY',
      idempotencyKey: undefined,
    },
  };
}
