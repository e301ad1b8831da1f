import { useMatches, useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { FRAME } from '../texts/frame.ts';
import { useNavigationFocus } from './navigation-focus.ts';
import styles from './page.module.css';

export interface PageProps {
  /** The heading, and the window's title. */
  readonly title: string;
  /** Below the heading: one line about what is shown. */
  readonly intro?: ReactNode;
  /** Before the heading, as a link back to the list. */
  readonly back?: ReactNode;
  /** Buttons beside the heading. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What every view is within: its heading gets the focus when somebody comes here from another view. */
export function Page({ title, intro, back, actions, children }: PageProps) {
  const { projectId } = useParams({ strict: false });
  // Not the location's, which is another while the view before is still shown.
  const pathname = useMatches({ select: (matches) => matches.at(-1)?.pathname ?? '' });
  const heading = useRef<HTMLHeadingElement>(null);
  useNavigationFocus(heading, pathname);

  useEffect(() => {
    document.title = FRAME.title(projectId === undefined ? [title] : [title, projectId]);
  }, [title, projectId]);

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <div className={styles.heading}>
          {back === undefined ? null : <div className={styles.back}>{back}</div>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {intro === undefined ? null : <div className={styles.intro}>{intro}</div>}
        </div>
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
