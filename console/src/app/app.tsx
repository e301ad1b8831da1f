import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { ApiContext } from '../api/api-context.tsx';
import { createApi } from '../api/client.ts';
import { LiveContext } from '../api/live.tsx';
import { createLiveStatus } from '../api/live-status.ts';
import { readAgain } from '../api/long-lists.ts';
import { ViewerContext } from '../session/permissions.ts';
import type { Session } from '../session/session.ts';
import { SessionContext, useSessionState } from '../session/session-context.tsx';
import { SessionEndedDialog } from '../session/session-ended-dialog.tsx';
import { HandedOverPage, NoProjectsPage, SignInPage, WaitingPage } from '../session/sign-in-page.tsx';
import type { SignedOutReason } from '../session/tokens.ts';
import type { Viewer } from '../session/viewer.ts';
import { createQueryClient } from './query-client.ts';
import { createConsoleRouter } from './router.tsx';
import { Unreachable } from './unreachable.tsx';

export function App({ session }: { session: Session }) {
  return (
    <SessionContext value={session}>
      <ByState session={session} />
    </SessionContext>
  );
}

function ByState({ session }: { session: Session }) {
  const state = useSessionState();
  switch (state.phase) {
    case 'waiting':
      return <WaitingPage />;
    case 'unavailable':
      return <Unreachable retry={session.retry} />;
    case 'handed-over':
      return <HandedOverPage />;
    case 'signed-out':
      return <SignInPage reason={state.reason} />;
    case 'no-projects':
      return <NoProjectsPage subject={state.subject} fault={state.fault} />;
    case 'signed-in':
      // Nothing of somebody else stays: neither what was read nor what was typed.
      return <SignedIn key={state.viewer.subject} session={session} viewer={state.viewer} ended={state.ended} />;
    default:
      return state satisfies never;
  }
}

interface SignedInProps {
  readonly session: Session;
  readonly viewer: Viewer;
  readonly ended: SignedOutReason | undefined;
}

function SignedIn({ session, viewer, ended }: SignedInProps) {
  const { tokens } = session;
  const queries = useMemo(createQueryClient, []);
  const api = useMemo(() => createApi(tokens), [tokens]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what changes of the viewer reaches it below, and the page stays
  const router = useMemo(() => createConsoleRouter({ viewer, api, queries }), []);
  const status = useMemo(createLiveStatus, []);
  const isEnded = ended !== undefined;
  // Another object once somebody has signed in again: what had given up begins anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const live = useMemo(() => ({ tokens, status }), [tokens, status, isEnded]);

  useEffect(() => {
    if (!isEnded) readAgain(queries);
  }, [queries, isEnded]);

  return (
    <ViewerContext value={viewer}>
      <ApiContext value={api}>
        <LiveContext value={live}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} context={{ viewer, api, queries }} />
            {ended === undefined ? null : <SessionEndedDialog reason={ended} />}
          </QueryClientProvider>
        </LiveContext>
      </ApiContext>
    </ViewerContext>
  );
}
