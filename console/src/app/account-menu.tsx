import { useState } from 'react';
import { Button, Dialog, DialogTrigger, Label, Popover, Radio, RadioGroup } from 'react-aria-components';
import { Button as OwnButton } from '../components/button.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { useViewer } from '../session/permissions.ts';
import { useSession } from '../session/session-context.tsx';
import { FRAME } from '../texts/frame.ts';
import styles from './menu.module.css';
import { chooseTheme, chosenTheme, THEMES, type Theme } from './theme.ts';

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { system: 'system', light: 'sun', dark: 'moon' };

/** Who is signed in, signing out, and what concerns this browser alone. */
export function AccountMenu() {
  const session = useSession();
  const { subject, issuer } = useViewer();
  return (
    <DialogTrigger>
      <Button className={styles.round ?? ''} aria-label={FRAME.account(subject)}>
        <Icon name="user" />
      </Button>
      <Popover placement="bottom end" className={styles.popover ?? ''}>
        <Dialog aria-label={FRAME.account(subject)} className={styles.panel ?? ''}>
          <dl className={styles.who}>
            <dt>{FRAME.signedInAs}</dt>
            <dd>{subject}</dd>
            <dt>{FRAME.issuer}</dt>
            <dd className={styles.soft}>{issuer}</dd>
          </dl>
          <ThemeSwitch />
          <OwnButton icon="sign-out" onPress={() => void session.signOut()}>
            {FRAME.signOut}
          </OwnButton>
          <p className={styles.soft}>{FRAME.version(session.settings.version)}</p>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (chosen: string) => {
    const next = THEMES.find((one) => one === chosen) ?? 'system';
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <RadioGroup value={theme} onChange={choose} className={styles.themes ?? ''}>
      <Label className={styles.soft ?? ''}>{FRAME.theme}</Label>
      <div className={styles.segments}>
        {THEMES.map((one) => (
          <Radio key={one} value={one} className={styles.segment ?? ''}>
            <Icon name={THEME_ICONS[one]} size="small" />
            {FRAME.themes[one]}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
