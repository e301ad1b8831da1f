import { dockerConfig } from '../../domain/docker-config.ts';
import { atPlace, badUserInput, PurserError } from '../../domain/errors.ts';
import type { Secret } from '../../domain/secret.ts';
import { AFTERWARDS_MS, limited } from '../operation-time.ts';
import type { RequestContext } from '../request-context.ts';
import type { IssueCredentialCommand } from './issue-credential.ts';
import type { IssuedCredential } from './issued-credential.ts';
import type { WithdrawLease } from './withdraw-lease.ts';

/** More registries than one pipeline needs, and few enough to be issued at once. */
export const MAX_CREDENTIALS = 20;

export interface IssuedCredentials {
  /** In the order of the request. */
  readonly credentials: readonly IssuedCredential[];
  /** One file for all of them. */
  readonly dockerConfigJson: Secret;
}

export interface IssueCredentialsDeps {
  readonly issueCredential: (
    context: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ) => Promise<IssuedCredential>;
  readonly withdrawLease: WithdrawLease;
  readonly onFault: (error: unknown) => void;
}

/**
 * Issues a login for each image, or none. Each has its own lease. If one is refused, the new leases of the others are
 * withdrawn and no secret leaves.
 */
export function issueCredentialsUseCase({ issueCredential, withdrawLease, onFault }: IssueCredentialsDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    commands: readonly IssueCredentialCommand[],
  ): Promise<IssuedCredentials> => {
    if (commands.length === 0 || commands.length > MAX_CREDENTIALS) {
      throw badUserInput('input', `input must name 1 to ${MAX_CREDENTIALS} images.`);
    }
    const settled = await Promise.allSettled(commands.map((command) => issueCredential(context, projectId, command)));
    const credentials = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = settled.findIndex(({ status }) => status === 'rejected');
    const crowded = refused === -1 ? withoutPlace(credentials) : -1;
    if (refused === -1 && crowded === -1) return { credentials, dockerConfigJson: fileOf(credentials) };
    await limited(context, withdrawNew(context, projectId, credentials), AFTERWARDS_MS).catch(onFault);
    if (crowded !== -1) throw atInput(crowded, noPlace());
    throw atInput(refused, (settled[refused] as PromiseRejectedResult).reason);
  };

  /** A lease that was issued before this request stays: its pipeline may be using it. */
  async function withdrawNew(
    context: RequestContext,
    projectId: string,
    credentials: readonly IssuedCredential[],
  ): Promise<void> {
    const withdrawn = credentials
      .filter(({ isNewLease }) => isNewLease)
      .map(({ lease }) => withdrawLease(context, projectId, lease.id).catch(onFault));
    await Promise.all(withdrawn);
  }
}

/** A file has one entry a registry, and a registry token is for one repository and purpose. -1 if all have a place. */
function withoutPlace(credentials: readonly IssuedCredential[]): number {
  return credentials.findIndex(({ serverAddress, form }, index) =>
    credentials
      .slice(0, index)
      .some((other) => other.serverAddress === serverAddress && [form, other.form].includes('REGISTRY_TOKEN')),
  );
}

function noPlace(): PurserError {
  return badUserInput(
    'image',
    'A file can hold one registry token for a registry, and nothing else of it. Ask for this image by itself, with `issueCredential`.',
  );
}

/** A minted password for pushing also pulls, so it is the one to keep if both are for the same host. */
function fileOf(credentials: readonly IssuedCredential[]): Secret {
  const pushLast = [...credentials].sort(
    (a, b) => Number(a.lease.purpose === 'PUSH') - Number(b.lease.purpose === 'PUSH'),
  );
  return dockerConfig(pushLast);
}

function atInput(index: number, error: unknown): unknown {
  return error instanceof PurserError ? atPlace(`input[${index}]`, error) : error;
}
