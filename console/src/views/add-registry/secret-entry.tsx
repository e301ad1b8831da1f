import { type RefObject, useState } from 'react';
import { FileButton } from '../../components/file-button.tsx';
import type { MintChoice } from '../../components/mint-fields.ts';
import { SecretField, type SecretHandle } from '../../components/secret-field.tsx';
import { ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import { ENTER } from '../../texts/rotate.ts';
import css from './add-registry.module.css';
import { isKeyFile } from './entered-registry.ts';
import type { Preset } from './presets.ts';

/** As much as the service takes as a password, in bytes. */
const LARGEST_KEY = 64 * 1024;

interface SecretEntryProps {
  readonly preset: Preset;
  readonly choice: MintChoice;
  readonly secret: RefObject<SecretHandle | null>;
  /** It was sent, and refused: the field was emptied. */
  readonly isGone: boolean;
  readonly problem: string | undefined;
  readonly onFilled: () => void;
}

/** The secret, typed or pasted; a key that is a file can be chosen as one. */
export function SecretEntry({ preset, choice, secret, isGone, problem, onFilled }: SecretEntryProps) {
  const [told, setTold] = useState('');
  const isKey = isKeyFile(choice, preset.provider);
  const isKnown = choice === 'password' && preset.provider !== 'GENERIC';
  const kept = isGone ? TEXTS.secretGone : TEXTS.secretKept;
  const hint = isKnown ? `${preset.password}. ${kept}` : kept;
  return (
    <div className={css.secret}>
      <SecretField
        key={String(isKey)}
        ref={secret}
        label={choice === 'password' ? TEXTS.password : ENTER.secrets[choice.kind]}
        name="password"
        help={hint}
        multiline={isKey}
        isRequired
        onFilled={(isFilled) => isFilled && onFilled()}
        {...(problem !== undefined && { error: problem })}
      />
      {isKey && (
        <div className={css.line}>
          <FileButton
            accept={preset.provider === 'GOOGLE' ? ['.json', 'application/json'] : ['.pem', 'text/plain']}
            largest={LARGEST_KEY}
            onText={(text, name) => {
              secret.current?.fill(text);
              setTold(TEXTS.fileRead(name));
            }}
            onTooLarge={() => setTold(TEXTS.fileTooLarge)}
          >
            {TEXTS.file}
          </FileButton>
          <span role="status" className={css.soft}>
            {told}
          </span>
        </div>
      )}
    </div>
  );
}
