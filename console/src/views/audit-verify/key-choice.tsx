import { type FormEvent, useState } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { ErrorState, LoadingState } from '../../components/states.tsx';
import { Tag } from '../../components/status-badge.tsx';
import { TextField } from '../../components/text-field.tsx';
import { KEYS } from '../../texts/audit-verify.ts';
import styles from './key-choice.module.css';
import type { OfferedKey } from './keys.ts';
import type { Keys } from './use-keys.ts';

export function KeyChoice({ keys }: { readonly keys: Keys }) {
  const { offered, chosen, isPending, error, canCheck } = keys;
  return (
    <div className={styles.keys}>
      <p className={styles.explain}>{KEYS.explain}</p>
      {canCheck === false && <Banner kind="warning" title={KEYS.noEd25519} />}
      {error !== null && <ErrorState error={error} />}
      {isPending && <LoadingState what={KEYS.title} lines={2} />}
      {!isPending && error === null && offered.length === 0 && <p className={styles.explain}>{KEYS.none}</p>}
      {offered.length > 0 && (
        <ul className={styles.list}>
          {offered.map((key) => (
            <OneKey key={key.publicKey} offered={key} keys={keys} />
          ))}
        </ul>
      )}
      {offered.length > 0 && chosen.length === 0 && <Banner kind="warning" title={KEYS.noneChosen} />}
      <Paste onPaste={keys.paste} />
    </div>
  );
}

function OneKey({ offered, keys }: { readonly offered: OfferedKey; readonly keys: Keys }) {
  const { keyId, publicKey, origin, isRetired, isNew, pinnedAt } = offered;
  const from = origin === 'pinned' ? KEYS.pinned(pinnedAt ?? '') : KEYS[origin];
  return (
    <li className={styles.key}>
      <Checkbox
        isSelected={keys.chosen.some((key) => key.publicKey === publicKey)}
        onChange={(isChosen) => keys.choose(offered, isChosen)}
        aria-label={KEYS.use(keyId)}
        help={
          <span className={styles.about}>
            <span className={styles.publicKey}>{publicKey}</span>
            <span>
              {from}
              {isRetired && `, ${KEYS.retired}`}
            </span>
          </span>
        }
      >
        <span className={styles.id}>{keyId}</span> {isNew && <Tag>{KEYS.newSincePin}</Tag>}
      </Checkbox>
      {origin === 'pinned' ? (
        <Button small kind="quiet" aria-label={KEYS.unpinLabel(keyId)} onPress={() => keys.unpin(offered)}>
          {KEYS.unpin}
        </Button>
      ) : (
        <Button small kind="quiet" aria-label={KEYS.pinLabel(keyId)} onPress={() => keys.pin(offered)}>
          {KEYS.pin}
        </Button>
      )}
    </li>
  );
}

function Paste({ onPaste }: { readonly onPaste: Keys['paste'] }) {
  const [text, setText] = useState('');
  const [isBad, setBad] = useState(false);

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (text.trim() === '') return;
    const isKey = await onPaste(text);
    setBad(!isKey);
    if (isKey) setText('');
  }

  return (
    <form className={styles.paste} onSubmit={(event) => void add(event)}>
      <TextField
        label={KEYS.paste}
        help={KEYS.pasteHelp}
        value={text}
        onChange={(typed) => {
          setText(typed);
          setBad(false);
        }}
        error={isBad ? KEYS.bad : undefined}
        mono
        autoComplete="off"
        spellCheck="false"
      />
      <Button type="submit">{KEYS.add}</Button>
    </form>
  );
}
