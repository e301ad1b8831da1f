import { useRef, useState } from 'react';
import { Button } from '../components/button.tsx';
import { SIGN_IN } from '../texts/session.ts';
import { pastedSignIn } from './development.ts';
import { useSession } from './session-context.tsx';
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
  const [isLeaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    const { pathname, search, hash } = location;
    await session.leaveForProvider(pathname === '/sign-in' ? '/' : pathname + search + hash).catch(() => undefined);
    setLeaving(false);
  };
  return (
    <div>
      <Button kind="primary" isPending={isLeaving} onPress={() => void leave()}>
        {SIGN_IN.provider(new URL(provider.issuer).host)}
      </Button>
    </div>
  );
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
      (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
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
