import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import type { Session } from '../session/session.ts';
import { App } from './app.tsx';
import { Unreachable } from './unreachable.tsx';

let root: Root | undefined;

function rootIn(place: HTMLElement): Root {
  root ??= createRoot(place);
  return root;
}

export function showApp(place: HTMLElement, session: Session): void {
  rootIn(place).render(
    <StrictMode>
      <App session={session} />
    </StrictMode>,
  );
}

/** Where the service does not say how to sign in. */
export function showUnreachable(place: HTMLElement, retry: () => void): void {
  rootIn(place).render(
    <StrictMode>
      <Unreachable retry={retry} />
    </StrictMode>,
  );
}
