import type { Application } from '../../application/create-application.ts';
import type { SignedRequest } from '../../application/ports/signed-requests.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Entered } from '../../domain/asked-for.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { Queries } from '../../graphql/pipeline/context.ts';
import type { Parameters } from './parameters.ts';

/** What the parts of a request come to. */
export interface AskingRequest {
  readonly principal: Principal;
  readonly parameters: Parameters;
  readonly body: Buffer;
}

export interface CredentialServices {
  readonly application: Application;
  readonly queries: Pick<Queries, 'registries'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface CredentialAnswer {
  readonly status: 200 | 204 | 404;
  /** Text is plain; an object is sent as JSON. */
  readonly body: string | object;
  /** If nothing was issued. */
  readonly code?: ErrorCode;
}

/** A protocol in which clients ask for credentials. What is the same for all of them is in `credentialRoutes`. */
export interface CredentialProtocol<Asked> {
  readonly path: string;
  /** In log lines. */
  readonly name: string;
  /** Of the URL, besides `project`. */
  readonly parameters: readonly string[];
  /** Whether bodies must be declared as JSON. */
  readonly takesJson: boolean;
  readonly maxBodyBytes: number;
  /** How many credentials an answer has at most. */
  readonly maxCredentials: number;
  /**
   * Who asks: by the token in `Authorization`, which is looked at before the body is read; or as the function says, whose
   * first part sees only the headers. Both throw AuthenticationFailed.
   */
  readonly caller:
    | 'token'
    | {
        readonly screen?: (headers: SignedRequest['headers']) => void;
        readonly identify: (request: SignedRequest) => Promise<Principal>;
      };
  /** @throws PurserError BAD_USER_INPUT */
  readonly read: (request: AskingRequest) => Asked;
  /** For the audit log, if the ask is refused. */
  readonly entered: (asked: Asked) => Entered;
  /** @throws PurserError */
  readonly answer: (
    context: RequestContext,
    projectId: string,
    asked: Asked,
    services: CredentialServices,
  ) => Promise<CredentialAnswer>;
}
