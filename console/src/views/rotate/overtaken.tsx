import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { OVERTAKEN as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import type { ShownRegistry } from '../registry/shown-registry.ts';

interface OvertakenProps {
  /** As it is now. */
  readonly credential: ShownRegistry['credential'];
  readonly onGoOn: () => void;
}

/** Says what somebody else did while a credential was being entered. What was entered stays. */
export function Overtaken({ credential: { version, rotatedBy, staged }, onGoOn }: OvertakenProps) {
  return (
    <Banner kind="warning" title={TEXTS.title}>
      <ul className={css.bullets}>
        <li>{TEXTS.current(version, rotatedBy)}</li>
        {staged !== null && <li>{TEXTS.staged(staged.version, staged.stagedBy)}</li>}
      </ul>
      <Button onPress={onGoOn}>{TEXTS.goOn}</Button>
    </Banner>
  );
}
