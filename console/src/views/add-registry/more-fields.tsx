import { type ReactNode, useState } from 'react';
import { FieldRow } from '../../components/form.tsx';
import { ConnectionFields, ContactField, IntervalField, NameFields } from '../../components/registry-fields.tsx';
import { ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import type { EnteredRegistry, Problems } from './entered-registry.ts';

interface MoreFieldsProps {
  readonly entered: EnteredRegistry;
  readonly problems: Problems;
  /** The field that the service complains of: what holds it is opened. */
  readonly faulty: string | undefined;
  /** A host of one's own often needs what is under "connection". */
  readonly isOwnHost: boolean;
  readonly onChange: (change: Partial<EnteredRegistry>) => void;
}

export function MoreFields({ entered, problems, faulty, isOwnHost, onChange }: MoreFieldsProps) {
  const isFaulty = (...names: readonly string[]) =>
    names.some((name) => name === faulty || problems[name] !== undefined);
  return (
    <>
      <Fold
        title={TEXTS.connection}
        isOpen={isOwnHost}
        isForced={isFaulty('caCertificate', 'authRealmHost', 'repository')}
      >
        <ConnectionFields value={entered} onChange={onChange} />
      </Fold>
      <Fold title={TEXTS.more} isForced={isFaulty('name', 'description', 'email', 'rotateEveryDays')}>
        <NameFields value={entered} url={entered.url} onChange={onChange} />
        <FieldRow>
          <ContactField value={entered} onChange={onChange} />
          <IntervalField value={entered} onChange={onChange} error={problems.rotateEveryDays} />
        </FieldRow>
      </Fold>
    </>
  );
}

interface FoldProps {
  readonly title: string;
  readonly isOpen?: boolean;
  /** Open whatever the person did: something in it is wrong. */
  readonly isForced: boolean;
  readonly children: ReactNode;
}

function Fold({ title, isOpen = false, isForced, children }: FoldProps) {
  const [isUnfolded, setUnfolded] = useState(isOpen);
  return (
    <details
      className={css.more}
      open={isUnfolded || isForced}
      onToggle={({ currentTarget }) => setUnfolded(currentTarget.open)}
    >
      <summary className={css.summary}>{title}</summary>
      <div className={css.inside}>{children}</div>
    </details>
  );
}
