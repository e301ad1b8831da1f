import type { StoreAddress } from '../../domain/event-store-url.ts';
import type { Login } from './client-api.ts';

/**
 * What makes the client append by a call for each append, whose deadline holds even if the server hangs. Without TLS no
 * login is sent at all.
 */
export function loginForAppends({ login, tls }: StoreAddress): Login | undefined {
  if (login) return { username: login.username, password: login.password.reveal() };
  return tls ? undefined : { username: 'unused', password: 'unused' };
}
