/** Where the client gets its token from. `refused` is the token that the service did not accept. */
export interface TokenSource {
  /** @throws SignedOutError */
  current(): string;
  /** Renews it, unless that has been done since; one at a time. @throws SignedOutError */
  renew(refused: string): Promise<string>;
}
