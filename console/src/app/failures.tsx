import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { ApiError, hasCode, OfflineError } from '../api/errors.ts';
import { Button } from '../components/button.tsx';
import { claimOf, type Permission } from '../session/permissions.ts';
import { CONNECTION, FAILURES } from '../texts/frame.ts';
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
  const isOldVersion = isMissingScript(error);
  return (
    <Page title={FAILURES.failedTitle}>
      <div className={styles.notice} role="alert">
        <p>{isOldVersion ? FAILURES.newVersion : messageOf(error)}</p>
        {error instanceof ApiError && error.requestId !== undefined ? (
          <p className={styles.detail}>
            {error.code} · {FAILURES.requestId} <code>{error.requestId}</code>
          </p>
        ) : null}
        <div className={styles.actions}>
          {isOldVersion ? (
            <Button onPress={() => location.reload()}>{FAILURES.reload}</Button>
          ) : (
            <Button onPress={retry}>{FAILURES.retry}</Button>
          )}
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
      <Link to="/projects">{FAILURES.home}</Link>
    </div>
  );
}

function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof OfflineError ? CONNECTION.noService : FAILURES.failed;
}

/** A file of the build that this page came from, which the service has no more. */
function isMissingScript(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported module|module script|preload/i.test(error.message);
}
