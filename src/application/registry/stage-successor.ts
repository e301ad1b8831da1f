import { randomUUID } from 'node:crypto';
import { checkUsernameText } from '../../domain/entered-credential.ts';
import { usernameAfter } from '../../domain/entered-login.ts';
import { existing, type LiveRegistry } from '../../domain/registry.ts';
import { decideRequest, decideStage } from '../../domain/rotation.ts';
import { isRequested } from '../../domain/successors.ts';
import { limitedIssuer } from '../credential/limited-issuer.ts';
import type { IdempotentRequest } from '../log/idempotency.ts';
import type { CredentialIssuer, RegistryName, Successor } from '../ports/credential-issuer.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandleRegistryCommand, RegistryOutcome } from './registry-command-handler.ts';
import { type CheckedCredential, checkCredential, checkExpiresAt } from './registry-details.ts';

export interface StageSuccessorCommand extends RegistryName {
  readonly expectedRevision: number | null | undefined;
  readonly idempotent: IdempotentRequest | null;
}

/** Seals what the issuer creates beside the current version. */
export type StageSuccessor = (
  context: RequestContext,
  issuer: CredentialIssuer,
  command: StageSuccessorCommand,
) => Promise<RegistryOutcome>;

/**
 * An issuer is called once all else is decided, and its call is in the log: if the answer is lost, what it created is found
 * by its label and revoked (`revoke-successors.ts`). A repeated request creates nothing.
 */
export function createStageSuccessor(handle: HandleRegistryCommand): StageSuccessor {
  return async (context, called, command) => {
    const { projectId, registryId } = command;
    // The registry's turn is held meanwhile.
    const issuer = limitedIssuer(called);
    const create = async (label: string) => checkText(await issuer.create({ projectId, registryId }, label));
    let label: string | null = null;
    // What a person entered is compared with that of an earlier request with the same key.
    let successor = issuer.revocable ? undefined : await create(randomUUID());

    return handle(context, {
      ...command,
      password: (state) => successor && checkedFor(existing(state), successor).password,
      decide: async (state) => {
        const live = existing(state);
        const isOpen = label !== null && isRequested(live.successors, label);
        if (successor === undefined) {
          if (label === null || !isOpen) {
            label = randomUUID();
            return decideRequest(live, issuer.name, label);
          }
          successor = await create(label);
        } else if (label !== null && !isOpen) {
          // It was given up while it was created, and may have been revoked before it was there.
          await issuer.revoke({ projectId, registryId }, label);
        }
        const { username } = successor;
        return decideStage(live, { username, credential: checkedFor(live, successor).proposed, label });
      },
    });
  };
}

type CheckedSuccessor = Omit<Successor, 'username' | 'expiresAt'> & {
  readonly username: string | undefined;
  readonly expiresAt: string | null;
};

function checkText({ password, username, mint, expiresAt }: Successor): CheckedSuccessor {
  return {
    password,
    username: username == null ? undefined : checkUsernameText(username),
    mint,
    expiresAt: checkExpiresAt(expiresAt) ?? null,
  };
}

function checkedFor({ provider, credential, ...live }: LiveRegistry, successor: CheckedSuccessor): CheckedCredential {
  const { password, expiresAt } = successor;
  const mint = successor.mint === undefined ? credential.mint : successor.mint;
  const username = usernameAfter({ ...live, mint: credential.mint }, successor.username, mint);
  return checkCredential(provider, username, password, { expiresAt, mint });
}
