import { useRef, useState } from 'react';
import { Button } from '../src/components/button.tsx';
import { Card } from '../src/components/card.tsx';
import { Checkbox, Switch } from '../src/components/checkbox.tsx';
import { ComboBox } from '../src/components/combo-box.tsx';
import { DateTimeField } from '../src/components/date-field.tsx';
import type { Failure } from '../src/components/failure.ts';
import { FieldRow, Form } from '../src/components/form.tsx';
import { NumberField } from '../src/components/number-field.tsx';
import { RadioCards } from '../src/components/radio-cards.tsx';
import { SecretField, type SecretHandle } from '../src/components/secret-field.tsx';
import { Select } from '../src/components/select.tsx';
import { TextArea, TextField } from '../src/components/text-field.tsx';
import css from './gallery.module.css';

const KINDS = [
  { id: 'password', label: 'Password', help: 'Of a user or a robot' },
  { id: 'token', label: 'Access token', help: 'Made at the registry, with scopes' },
  { id: 'minted', label: 'Minted', help: 'Made anew for each pipeline' },
] as const;
const HOSTS = ['ghcr.io', 'docker.io', 'quay.io'].map((id) => ({ id, label: id }));

export function Fields() {
  const secret = useRef<SecretHandle>(null);
  const [kind, setKind] = useState<(typeof KINDS)[number]['id'] | null>('token');
  const [url, setUrl] = useState('');
  const [expiry, setExpiry] = useState<string | null>('2027-03-31T22:00:00.000Z');
  const [error, setError] = useState<Failure | null>(null);
  const [isSending, setSending] = useState(false);
  const [sendings, setSendings] = useState(0);
  const [sentLength, setSentLength] = useState<number | null>(null);

  function send(): void {
    setSentLength(secret.current?.read().length ?? 0);
    secret.current?.clear();
    setError({ message: 'A user name must not be empty. Give the name that the token belongs to.', field: 'username' });
  }

  return (
    <>
      <Card title="Fields">
        <Form
          aria-label="Fields"
          onSubmit={send}
          error={error}
          actions={
            <>
              <Button type="submit" kind="primary">
                Save
              </Button>
              <Button onPress={() => setError({ message: 'The registry cannot be reached.', requestId: 'b7e1' })}>
                Fail
              </Button>
            </>
          }
        >
          <RadioCards label="Kind" cards={KINDS} value={kind} onChange={setKind} />
          <FieldRow>
            <ComboBox
              label="URL"
              name="url"
              options={HOSTS}
              value={url}
              onChange={setUrl}
              placeholder="ghcr.io/acme"
              mono
            />
            <TextField label="User name" name="username" help="As the registry knows it." />
          </FieldRow>
          <FieldRow>
            <SecretField ref={secret} label="Password" name="password" help="It is sent once and shown nowhere." />
            <Select label="Kind of credential" name="kind" options={KINDS} value={kind} onChange={setKind} />
          </FieldRow>
          <FieldRow>
            <NumberField
              label="Rotate every"
              unit="days"
              name="rotateEveryDays"
              minValue={1}
              defaultValue={90}
              optional
            />
            <DateTimeField label="Expires" name="expiresAt" value={expiry} onChange={setExpiry} optional notBeforeNow />
          </FieldRow>
          <TextArea label="Description" name="description" optional error="At most 500 characters." />
          <div className={css.row}>
            <Checkbox help="Else only pulling works.">Used for pushing</Checkbox>
            <Checkbox isSelected>Chosen</Checkbox>
            <Switch defaultSelected>Follow live</Switch>
            <Switch isDisabled>Not allowed</Switch>
          </div>
          <p role="status">Expires: {expiry ?? 'never'}</p>
          {sentLength !== null && <p role="status">{sentLength} characters were read.</p>}
        </Form>
      </Card>
      <Card title="A slow form">
        <Form
          aria-label="A slow form"
          onSubmit={() => {
            setSending(true);
            setSendings(sendings + 1);
          }}
          error={null}
          actions={
            <>
              <Button type="submit" kind="primary" isPending={isSending}>
                Send
              </Button>
              <Button onPress={() => setSending(false)}>Answer</Button>
            </>
          }
        >
          <TextField label="Pipeline" name="pipeline" />
          <p role="status">Sent {sendings} times.</p>
        </Form>
      </Card>
    </>
  );
}
