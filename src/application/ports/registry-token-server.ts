import type { Instant } from '../../domain/instant.ts';
import type { TokenAction, TokenFault } from '../../domain/registry-token.ts';
import type { Secret } from '../../domain/secret.ts';
import type { ProbeRequest } from './registry-probe.ts';

export interface RegistryTokenRequest
  extends Pick<ProbeRequest, 'url' | 'provider' | 'username' | 'password' | 'caCertificate' | 'authRealmHost'> {
  readonly repository: string;
  readonly actions: readonly TokenAction[];
}

/** A bearer token for one repository and these actions alone, by its own text. */
export interface RegistryToken {
  readonly token: Secret;
  readonly expiresAt: Instant;
}

/** Holds nothing that the other side sent. */
export class RegistryTokenRefused extends Error {
  override readonly name = 'RegistryTokenRefused';

  constructor(readonly fault: TokenFault) {
    super(`no registry token was made: ${fault.kind === 'REFUSED' ? fault.outcome : fault.kind}`);
  }
}

/** Has the registry's token server make tokens, as container clients do. */
export interface RegistryTokenServer {
  /** @throws RegistryTokenRefused */
  makeToken(request: RegistryTokenRequest): Promise<RegistryToken>;
}
