import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { classNames } from '../components/class-names.ts';
import { NO_PROJECTS, SIGN_IN } from '../texts/session.ts';
import type { ClaimFault } from './claims.ts';
import { useSession } from './session-context.tsx';
import styles from './sign-in-page.module.css';
import { SignInPanel } from './sign-in-panel.tsx';
import type { SignedOutReason } from './tokens.ts';
import { useTitle } from './use-title.ts';

interface WelcomeProps {
  readonly title: string;
  /** It is seen only after a while: most often what it speaks of has come by then. */
  readonly isLate?: boolean;
  readonly children: ReactNode;
}

/** What fills the window while nobody is signed in. */
function Welcome({ title, isLate = false, children }: WelcomeProps) {
  useTitle(title);
  return (
    <main className={classNames(styles.window, isLate && styles.late)}>
      <div className={styles.card}>
        <p className={styles.product}>
          <span className={styles.mark} aria-hidden="true" />
          {SIGN_IN.product}
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

export function SignInPage({ reason }: { reason: SignedOutReason }) {
  const { signIn } = useSession().settings;
  return (
    <Welcome title={signIn.kind === 'none' ? SIGN_IN.none : SIGN_IN.title}>
      <SignInPanel reason={reason} />
    </Welcome>
  );
}

export function WaitingPage() {
  return (
    <Welcome title={SIGN_IN.waiting} isLate>
      <p role="status" className={styles.soft}>
        {SIGN_IN.starting}
      </p>
    </Welcome>
  );
}

export function UnavailablePage({ retry }: { retry: () => void }) {
  return (
    <Welcome title={SIGN_IN.unavailable}>
      <p role="status">{SIGN_IN.unavailableHint}</p>
      <div>
        <Button kind="primary" onPress={retry}>
          {SIGN_IN.retry}
        </Button>
      </div>
    </Welcome>
  );
}

export function NoProjectsPage({ subject, fault }: { subject: string | undefined; fault: ClaimFault }) {
  const session = useSession();
  return (
    <Welcome title={NO_PROJECTS.titles[fault]}>
      {subject === undefined ? null : <p>{NO_PROJECTS.subject(subject)}</p>}
      <p>{NO_PROJECTS.faults[fault]}</p>
      <p>{NO_PROJECTS.expected}</p>
      <pre className={styles.code}>{NO_PROJECTS.shape}</pre>
      <div>
        <Button kind="primary" onPress={() => void session.signOut()}>
          {SIGN_IN.signOut}
        </Button>
      </div>
    </Welcome>
  );
}

/** In the window in which somebody has signed in for another one, if the browser does not let it close. */
export function HandedOverPage() {
  return (
    <Welcome title={SIGN_IN.handedOver}>
      <p>{SIGN_IN.handedOverHint}</p>
    </Welcome>
  );
}
