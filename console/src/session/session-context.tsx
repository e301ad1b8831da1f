import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Session, SessionState } from './session.ts';

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('there is no SessionContext around this');
  return session;
}

export function useSessionState(): SessionState {
  const { subscribe, get } = useSession();
  return useSyncExternalStore(subscribe, get);
}
