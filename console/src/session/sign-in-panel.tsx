import { useRef, useState } from 'react';
import { Button } from '../components/button.tsx';
import { SIGN_IN } from '../texts/session.ts';
import { pastedSignIn } from './development.ts';
import { SIGNED_OUT_PATH } from './openid-connect.ts';
import { useSession, useSessionState } from './session-context.tsx';
import type { ProviderSettings } from './settings.ts';
import styles from './sign-in-page.module.css';
import type { SignedOutReason } from './tokens.ts';

/** Why nobody is signed in, and what to do about it. */
export function SignInPanel({ reason }: { reason: SignedOutReason }) {
  const { signIn } = useSession().settings;
  if (signIn.kind === 'none') return <p>{signIn.reason}</p>;
  return (
    <>
      <p role={reason.kind === 'new' ? undefined : 'alert'}>
        {reason.kind === 'failed' ? reason.message : SIGN_IN.reasons[reason.kind]}
      </p>
      {signIn.kind === 'development' ? <DevelopmentSignIn /> : <ProviderSignIn provider={signIn} />}
    </>
  );
}

function ProviderSignIn({ provider }: { provider: ProviderSettings }) {
  const session = useSession();
  const { phase } = useSessionState();
  const [isPending, setPending] = useState(false);
  const [fault, setFault] = useState<string>();
  const isOverPage = phase === 'signed-in';

  const signIn = async () => {
    setPending(true);
    setFault(undefined);
    const { pathname, search, hash } = location;
    const returnTo = pathname === SIGNED_OUT_PATH ? '/' : pathname + search + hash;
    const work = isOverPage ? session.signInInWindow() : session.leaveForProvider(returnTo);
    await work.catch((error: unknown) => setFault(messageOf(error)));
    setPending(false);
  };

  return (
    <>
      <div>
        {/* Not pending in a window: somebody who has closed it presses again. */}
        <Button kind="primary" isPending={isPending && !isOverPage} onPress={() => void signIn()}>
          {SIGN_IN.provider(new URL(provider.issuer).host)}
        </Button>
      </div>
      {isOverPage ? <p className={styles.soft}>{SIGN_IN.popup}</p> : null}
      {fault === undefined ? null : (
        <p className={styles.fault} role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function DevelopmentSignIn() {
  const session = useSession();
  const field = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<string>();
  const [isPending, setPending] = useState(false);

  const submit = async () => {
    const input = field.current;
    const pasted = pastedSignIn(input?.value ?? '');
    if (input === null || pasted === undefined) {
      setFault(SIGN_IN.development.unusable);
      input?.focus();
      return;
    }
    input.value = '';
    setFault(undefined);
    setPending(true);
    await ('code' in pasted ? session.signInWithCode(pasted.code) : session.signInWithToken(pasted.token)).catch(
      (error: unknown) => setFault(messageOf(error)),
    );
    setPending(false);
  };

  return (
    <>
      <p>{SIGN_IN.development.how}</p>
      <pre className={styles.code}>{SIGN_IN.development.command}</pre>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label className={styles.label} htmlFor="pasted-sign-in">
          {SIGN_IN.development.paste}
        </label>
        <div className={styles.row}>
          <input
            ref={field}
            id="pasted-sign-in"
            className={styles.input}
            type="password"
            autoComplete="off"
            aria-invalid={fault === undefined ? undefined : true}
            aria-describedby={fault === undefined ? undefined : 'pasted-sign-in-fault'}
          />
          <Button type="submit" kind="primary" isPending={isPending}>
            {SIGN_IN.development.submit}
          </Button>
        </div>
        {fault === undefined ? null : (
          <p id="pasted-sign-in-fault" className={styles.fault} role="alert">
            {fault}
          </p>
        )}
      </form>
      <p className={styles.soft}>{SIGN_IN.development.reload}</p>
    </>
  );
}
