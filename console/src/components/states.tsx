import type { ReactNode } from 'react';
import { FAILED, LOADING, OFFLINE } from '../texts/parts.ts';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import { CopyButton } from './copy.tsx';
import type { Failure } from './failure.ts';
import { Icon, type IconName } from './icon.tsx';
import css from './states.module.css';

interface EmptyStateProps {
  readonly icon?: IconName;
  readonly title: string;
  /** Why there is nothing, and what the next step is. */
  readonly children?: ReactNode;
  /** The next step itself. */
  readonly action?: ReactNode;
}

export function EmptyState({ icon = 'box', title, children, action }: EmptyStateProps) {
  return (
    <div className={css.state}>
      <span className={css.round}>
        <Icon name={icon} size="large" />
      </span>
      <p className={css.title}>{title}</p>
      {children !== undefined && <div className={css.text}>{children}</div>}
      {action !== undefined && <div className={css.action}>{action}</div>}
    </div>
  );
}

interface LoadingStateProps {
  /** What is awaited: "registries". */
  readonly what: string;
  readonly lines?: number;
}

/** Grey lines, which appear after 150 ms: what comes quickly does not flicker. */
export function LoadingState({ what, lines = 4 }: LoadingStateProps) {
  return (
    <div role="status" className={css.loading}>
      <span className={css.spoken}>{LOADING.what(what)}</span>
      {Array.from({ length: lines }, (_, line) => `${92 - ((line * 29) % 46)}%`).map((width, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
        <span key={line} className={css.line} style={{ width }} aria-hidden />
      ))}
    </div>
  );
}

interface ErrorStateProps {
  readonly error: Failure;
  readonly title?: string;
  readonly onRetry?: () => void;
  readonly isRetrying?: boolean;
}

/** What went wrong in the service's words, and what its operator needs to find it. */
export function ErrorState({ error, title = FAILED.title, onRetry, isRetrying = false }: ErrorStateProps) {
  return (
    <div role="alert" className={css.state}>
      <span className={classNames(css.round, css.danger)}>
        <Icon name="danger" size="large" />
      </span>
      <p className={css.title}>{title}</p>
      <p className={css.text}>{error.message}</p>
      {(error.code !== undefined || error.requestId !== undefined) && (
        <p className={css.trail}>
          {error.code}
          {error.requestId !== undefined && (
            <>
              {' '}
              {FAILED.request} <code>{error.requestId}</code>{' '}
              <CopyButton text={error.requestId} what={FAILED.requestId} />
            </>
          )}
        </p>
      )}
      {onRetry !== undefined && (
        <div className={css.action}>
          <Button icon="refresh" onPress={onRetry} isPending={isRetrying}>
            {FAILED.again}
          </Button>
        </div>
      )}
    </div>
  );
}

/** For a view that has nothing to show while the service is out of reach. */
export function OfflineState({ onRetry, isRetrying = false }: Pick<ErrorStateProps, 'onRetry' | 'isRetrying'>) {
  return (
    <div role="status" className={css.state}>
      <span className={css.round}>
        <Icon name="cloud-off" size="large" />
      </span>
      <p className={css.title}>{OFFLINE.title}</p>
      <p className={css.text}>{OFFLINE.text}</p>
      {onRetry !== undefined && (
        <div className={css.action}>
          <Button icon="refresh" onPress={onRetry} isPending={isRetrying}>
            {OFFLINE.again}
          </Button>
        </div>
      )}
    </div>
  );
}
