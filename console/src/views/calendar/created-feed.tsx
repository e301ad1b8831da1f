import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { KeyValueList } from '../../components/card.tsx';
import { CodeBlock } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { CALENDAR } from '../../texts/calendar.ts';
import css from './calendar.module.css';

const { created: texts } = CALENDAR;

interface CreatedFeedProps {
  /** Undefined: there is none to show. */
  readonly url: string | undefined;
  readonly onClose: () => void;
}

/** Shows a secret URL once, and is closed by its button alone. */
export function CreatedFeed({ url, onClose }: CreatedFeedProps) {
  return (
    <Dialog
      title={texts.title}
      isOpen={url !== undefined}
      onClose={onClose}
      mustAnswer
      actions={
        <Button kind="primary" onPress={onClose}>
          {texts.done}
        </Button>
      }
    >
      <div className={css.created}>
        <Banner kind="warning" title={texts.once}>
          {texts.onceText}
        </Banner>
        {url !== undefined && <CodeBlock code={url} what={texts.what} />}
        <h3>{texts.how}</h3>
        <KeyValueList entries={texts.programs.map(({ name, steps }) => ({ label: name, value: steps }))} />
        <p className={css.soft}>{texts.reachable}</p>
      </div>
    </Dialog>
  );
}
