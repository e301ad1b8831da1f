import { KeyValueList } from '../../components/card.tsx';
import { Time } from '../../components/time.tsx';
import { CREDENTIAL } from '../../texts/registry.ts';
import { PROVE as TEXTS } from '../../texts/rotate.ts';
import { Moment } from '../registry/moment.tsx';
import type { ShownRegistry } from '../registry/shown-registry.ts';

type Staged = NonNullable<ShownRegistry['credential']['staged']>;

/** Where a staged version comes from, and when it ends. */
export function StagedFacts({ staged: { stagedAt, stagedBy, expiresAt } }: { readonly staged: Staged }) {
  return (
    <KeyValueList
      entries={[
        { label: TEXTS.staged, value: <Moment at={stagedAt} note={TEXTS.by(stagedBy)} /> },
        { label: TEXTS.expires, value: expiresAt === null ? CREDENTIAL.never : <Time at={expiresAt} /> },
      ]}
    />
  );
}
