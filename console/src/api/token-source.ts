/** Where the client gets its token from. `refused` is the token that the service did not accept. */
export interface TokenSource {
  /** @throws SignedOutError */
  current(): string;
  /**
   * Renews it, unless that has been done since; one at a time. Where it came in place of a refused token itself, the session ends:
   * the provider would renew for ever what the service refuses.
   * @throws SignedOutError
   */
  renew(refused: string): Promise<string>;
  /** The service has accepted this token. */
  accepted(token: string): void;
}

/** Sends what is refused again with a renewed token: it was not carried out. @throws SignedOutError, and what `send` throws */
export async function sendWithToken(
  tokens: TokenSource,
  send: (token: string) => Promise<Response>,
): Promise<Response> {
  let token = tokens.current();
  let response = await send(token);
  // This ends, as what was just renewed is not renewed again.
  while (response.status === 401) {
    token = await tokens.renew(token);
    response = await send(token);
  }
  if (response.ok) tokens.accepted(token);
  return response;
}
