import { useRef, useState } from 'react';
import type { CheckTrustMutation } from '../../api/generated/graphql.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button, TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import type { Failure } from '../../components/failure.ts';
import { Form } from '../../components/form.tsx';
import { Marked } from '../../components/marked.tsx';
import { SecretField, type SecretHandle } from '../../components/secret-field.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { TRY as TEXTS } from '../../texts/trust.ts';
import { trustHref } from './links.ts';
import { type ReadToken, readToken } from './read-token.ts';
import { TokenClaims } from './token-claims.tsx';
import css from './trust.module.css';
import { CHECK_TRUST } from './trust-operations.ts';

interface Tried {
  readonly check: CheckTrustMutation['checkTrust'];
  /** Undefined if it is no JSON Web Token. */
  readonly token: ReadToken | undefined;
}

export function TryToken({ projectId }: { readonly projectId: string }) {
  const secret = useRef<SecretHandle>(null);
  const [tried, setTried] = useState<Tried>();
  const [error, setError] = useState<Failure | null>(null);
  const [isMissing, setMissing] = useState(false);
  const command = useCommand(CHECK_TRUST);

  async function send(): Promise<void> {
    const token = secret.current?.read().trim() ?? '';
    setMissing(token === '');
    if (token === '') return secret.current?.focus();
    const sent = command.mutateAsync({ projectId, token });
    secret.current?.clear();
    setError(null);
    setTried(undefined);
    try {
      const { checkTrust } = await sent;
      setTried({ check: checkTrust, token: readToken(token) });
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  }

  return (
    <Card title={TEXTS.title}>
      <div className={css.stack}>
        <p className={css.soft}>{TEXTS.intro}</p>
        <Form
          onSubmit={() => void send()}
          error={error}
          aria-label={TEXTS.title}
          actions={
            <Button type="submit" isPending={command.isPending}>
              {TEXTS.send}
            </Button>
          }
        >
          <SecretField
            ref={secret}
            name="token"
            label={TEXTS.token}
            help={TEXTS.tokenHelp}
            error={isMissing ? TEXTS.missing : undefined}
          />
        </Form>
        {tried !== undefined && <Outcome projectId={projectId} tried={tried} />}
      </div>
    </Card>
  );
}

function Outcome({ projectId, tried: { check, token } }: { readonly projectId: string; readonly tried: Tried }) {
  const { granted, reason, rules } = check;
  return (
    <>
      <Banner kind={granted ? 'success' : 'warning'} title={granted ? TEXTS.granted : TEXTS.refused}>
        <Marked text={reason} />
      </Banner>
      <section className={css.tight} aria-label={TEXTS.rules}>
        <h3>{TEXTS.rules}</h3>
        {rules.length === 0 ? (
          <p className={css.soft}>{TEXTS.noRules}</p>
        ) : (
          <ul className={css.rows}>
            {rules.map(({ met, reason: why, rule }) => (
              <li key={rule.id}>
                <StatusBadge
                  status={
                    met
                      ? { word: TEXTS.met, tone: 'ok', icon: 'ok' }
                      : { word: TEXTS.unmet, tone: 'neutral', icon: 'cross' }
                  }
                />
                <TextLink href={trustHref(projectId, rule.id)}>{rule.name}</TextLink>
                <span className={css.break}>
                  <Marked text={why} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <TokenClaims projectId={projectId} token={token} />
    </>
  );
}
