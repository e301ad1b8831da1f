import { useState } from 'react';
import { OfflineError } from '../../api/errors.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { DateTimeField } from '../../components/date-field.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Form } from '../../components/form.tsx';
import { TextField } from '../../components/text-field.tsx';
import { CALENDAR } from '../../texts/calendar.ts';
import { CREATE_CALENDAR_FEED } from './calendar-operations.ts';

const { form: texts } = CALENDAR;

interface CreateFeedProps {
  readonly projectId: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** Gets the feed's secret URL, as a path. */
  readonly onCreated: (path: string) => void;
}

export function CreateFeed(props: CreateFeedProps) {
  return (
    <Dialog title={texts.title} isOpen={props.isOpen} onClose={props.onClose} size="small">
      <FeedForm {...props} />
    </Dialog>
  );
}

function FeedForm({ projectId, onClose, onCreated }: CreateFeedProps) {
  const [name, setName] = useState('');
  const [expiresAt, setExpiresAt] = useState<string | null>(null);
  // The API takes no key here, so it is never sent twice.
  const create = useCommand(CREATE_CALENDAR_FEED, {
    onSuccess: ({ createCalendarFeed }) => onCreated(createCalendarFeed.url),
  });
  return (
    <Form
      aria-label={texts.title}
      error={create.error}
      onSubmit={() => create.mutate({ projectId, input: { name, ...(expiresAt !== null && { expiresAt }) } })}
      actions={
        <>
          <Button type="submit" kind="primary" isPending={create.isPending}>
            {texts.submit}
          </Button>
          <Button onPress={onClose}>{texts.cancel}</Button>
        </>
      }
    >
      <TextField
        name="name"
        label={texts.name}
        help={texts.nameHelp}
        value={name}
        onChange={setName}
        autoFocus
        autoComplete="off"
      />
      <DateTimeField
        name="expiresAt"
        label={texts.expiresAt}
        help={texts.expiresAtHelp}
        value={expiresAt}
        onChange={setExpiresAt}
        notBeforeNow
        optional
      />
      {create.error instanceof OfflineError && <Banner kind="warning">{texts.lost}</Banner>}
    </Form>
  );
}
