import { useState } from 'react';
import { LinkButton } from '../../components/button.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { Time } from '../../components/time.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { TRY as TEXTS } from '../../texts/trust.ts';
import { trustHref } from './links.ts';
import type { ReadToken } from './read-token.ts';
import css from './trust.module.css';

interface TokenClaimsProps {
  readonly projectId: string;
  readonly token: ReadToken | undefined;
}

/** What a token says, to build a rule from it. */
export function TokenClaims({ projectId, token }: TokenClaimsProps) {
  const mayWrite = usePermissions(projectId).can('trust:write');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (token === undefined) return <p className={css.soft}>{TEXTS.notReadable}</p>;
  const { claims, issuer, expiresAt } = token;
  const used = claims.filter(({ name }) => chosen.includes(name)).map(({ name, value }) => `${name}=${value}`);

  return (
    <section className={css.tight} aria-label={TEXTS.claims}>
      <h3>{TEXTS.claims}</h3>
      <p className={css.soft}>{TEXTS.claimsIntro}</p>
      <p className={css.line}>
        {issuer !== undefined && (
          <span>
            {TEXTS.issuer} <code className={css.code}>{issuer}</code>
          </span>
        )}
        {expiresAt !== undefined && (
          <span>
            {TEXTS.expires} <Time at={expiresAt} show="relative" />
          </span>
        )}
      </p>
      {claims.length === 0 ? (
        <p className={css.soft}>{TEXTS.noClaims}</p>
      ) : (
        <ul className={css.rows}>
          {claims.map(({ name, value }) => (
            <li key={name}>
              {mayWrite ? (
                <Checkbox
                  aria-label={TEXTS.use(name)}
                  isSelected={chosen.includes(name)}
                  onChange={(isUsed) => setChosen(isUsed ? [...chosen, name] : chosen.filter((one) => one !== name))}
                >
                  <code className={css.code}>{name}</code>
                </Checkbox>
              ) : (
                <code className={css.code}>{name}</code>
              )}
              <span className={css.break}>{value}</span>
            </li>
          ))}
        </ul>
      )}
      {mayWrite && claims.length > 0 && (
        <div className={css.line}>
          {used.length === 0 ? (
            <span className={css.soft}>{TEXTS.choose}</span>
          ) : (
            <LinkButton icon="add" href={trustHref(projectId, 'new', { issuer, claim: used })}>
              {TEXTS.newRule(used.length)}
            </LinkButton>
          )}
        </div>
      )}
    </section>
  );
}
