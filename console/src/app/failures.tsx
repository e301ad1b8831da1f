import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect, useEffectEvent } from 'react';
import { ApiError, hasCode, OfflineError } from '../api/errors.ts';
import { useLiveStatus } from '../api/live.tsx';
import { Button, TextLink } from '../components/button.tsx';
import { claimOf, type Permission } from '../session/permissions.ts';
import { CONNECTION, FAILURES } from '../texts/frame.ts';
import { ViewNotLoaded } from './lazy-view.tsx';
import { useIsOnline } from './network.ts';
import styles from './notice-page.module.css';
import { Page } from './page.tsx';

/** In place of a view that threw: the frame stays. */
export function ViewFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (hasCode(error, 'NOT_FOUND')) return <NotFound />;
  const retry = () => {
    reset();
    void router.invalidate();
  };
  if (error instanceof ViewNotLoaded) return <NotLoaded error={error} onLoaded={retry} />;
  return (
    <Page title={FAILURES.failedTitle}>
      <div className={styles.notice} role="alert">
        <p>{messageOf(error)}</p>
        {error instanceof ApiError && error.requestId !== undefined ? (
          <p className={styles.detail}>
            {error.code} · {FAILURES.requestId} <code>{error.requestId}</code>
          </p>
        ) : null}
        <div className={styles.actions}>
          <Button onPress={retry}>{FAILURES.retry}</Button>
        </div>
      </div>
    </Page>
  );
}

/** It loads the code once more by itself when it comes here, and when the connection is back. */
function NotLoaded({ error, onLoaded }: { readonly error: ViewNotLoaded; readonly onLoaded: () => void }) {
  const isOnline = useIsOnline();
  const status = useLiveStatus();
  const isAway = !isOnline || status === 'offline' || status === 'reconnecting';
  const loadAgain = useEffectEvent(async () => {
    if (await error.again()) onLoaded();
  });
  useEffect(() => {
    if (!isAway) void loadAgain();
  }, [isAway]);
  return (
    <Page title={FAILURES.failedTitle}>
      <div className={styles.notice} role="alert">
        <p>{isAway ? FAILURES.notLoaded : FAILURES.newVersion}</p>
        <div className={styles.actions}>
          {isAway ? null : <Button onPress={() => location.reload()}>{FAILURES.reload}</Button>}
        </div>
      </div>
    </Page>
  );
}

export function NotFound() {
  return (
    <Page title={FAILURES.notFoundTitle}>
      <div className={styles.notice}>
        <p>{FAILURES.notFound}</p>
        <ToProjects />
      </div>
    </Page>
  );
}

export function Forbidden({ permission, projectId }: { permission: Permission; projectId: string }) {
  return (
    <Page title={FAILURES.forbiddenTitle}>
      <div className={styles.notice}>
        <p>{FAILURES.forbidden(claimOf(permission), projectId)}</p>
        <ToProjects />
      </div>
    </Page>
  );
}

export function NoProject({ projectId }: { projectId: string }) {
  return (
    <Page title={FAILURES.noProjectTitle}>
      <div className={styles.notice}>
        <p>{FAILURES.noProject(projectId)}</p>
        <ToProjects />
      </div>
    </Page>
  );
}

function ToProjects() {
  return (
    <div className={styles.actions}>
      <TextLink href="/projects">{FAILURES.home}</TextLink>
    </div>
  );
}

function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof OfflineError ? CONNECTION.noService : FAILURES.failed;
}
