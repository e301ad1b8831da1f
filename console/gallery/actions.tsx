import { useState } from 'react';
import { Button, IconButton, LinkButton, TextLink } from '../src/components/button.tsx';
import { Card } from '../src/components/card.tsx';
import { ConfirmDialog, Dialog, Drawer } from '../src/components/dialog.tsx';
import { ICON_NAMES, Icon } from '../src/components/icon.tsx';
import { Menu } from '../src/components/menu.tsx';
import { Help } from '../src/components/popover.tsx';
import { type TabOf, Tabs } from '../src/components/tabs.tsx';
import { useToasts } from '../src/components/toast.tsx';
import css from './gallery.module.css';

const TABS: readonly TabOf<'overview' | 'use' | 'history'>[] = [
  { id: 'overview', label: 'Overview' },
  { id: 'use', label: 'Pipelines', count: 12 },
  { id: 'history', label: 'History' },
];

export function Actions() {
  const [opened, setOpened] = useState<'dialog' | 'confirm' | 'drawer' | null>(null);
  const [tab, setTab] = useState<'overview' | 'use' | 'history'>('overview');
  const toasts = useToasts();
  const close = () => setOpened(null);
  return (
    <Card title="Actions" actions={<IconButton icon="settings" label="Settings" />}>
      <div className={css.stack}>
        <div className={css.row}>
          <Button kind="primary" icon="add">
            Add registry
          </Button>
          <Button icon="refresh">Test</Button>
          <Button kind="quiet">Cancel</Button>
          <Button kind="danger" icon="trash">
            Delete registry
          </Button>
          <Button kind="primary" isPending>
            Save changes
          </Button>
          <Button isDisabled>Not allowed</Button>
          <Button small>Small</Button>
          <LinkButton href="#there" icon="external">
            Open
          </LinkButton>
          <Menu
            label="More actions"
            trigger={<IconButton icon="more" label="More actions" kind="secondary" />}
            entries={[
              { id: 'edit', label: 'Edit details', icon: 'edit' },
              { id: 'copy', label: 'Copy id', icon: 'copy', help: 'For the API' },
              { id: 'delete', label: 'Delete', icon: 'trash', isDanger: true, startsGroup: true },
            ]}
          />
        </div>
        <div className={css.row}>
          <Button onPress={() => setOpened('dialog')}>Open dialog</Button>
          <Button onPress={() => setOpened('confirm')}>Ask first</Button>
          <Button onPress={() => setOpened('drawer')}>Open drawer</Button>
          <Button onPress={() => toasts.done('Credential rotated', 'Version 4 is in use.')}>Tell it worked</Button>
          <Button onPress={() => toasts.failed('Nothing was sent', 'The service cannot be reached.')}>
            Tell it failed
          </Button>
          <span>
            A <TextLink href="#link">link</TextLink>, one{' '}
            <TextLink href="https://example.com" external>
              out of here
            </TextLink>{' '}
            and help <Help about="leases">A lease records who was issued which version, and until when.</Help>
          </span>
        </div>
        <div className={css.row}>
          {ICON_NAMES.map((name) => (
            <Icon key={name} name={name} label={name} />
          ))}
        </div>
        <Tabs label="Registry" tabs={TABS} selected={tab} onSelect={setTab}>
          What the tab “{tab}” shows.
        </Tabs>
      </div>
      <Dialog
        title="The calendar's address"
        isOpen={opened === 'dialog'}
        onClose={close}
        actions={
          <Button kind="primary" onPress={close}>
            Done
          </Button>
        }
      >
        It is shown once. Copy it now.
      </Dialog>
      <ConfirmDialog
        title="Delete this registry?"
        isOpen={opened === 'confirm'}
        onClose={close}
        onConfirm={close}
        confirmLabel="Delete registry"
        typed={{ label: 'Type ghcr.io/acme to confirm', text: 'ghcr.io/acme' }}
      >
        <p>3 pipelines use it. Their next run gets no credential.</p>
      </ConfirmDialog>
      <Drawer title="ISSUE_CREDENTIAL" isOpen={opened === 'drawer'} onClose={close}>
        An entry with all its fields.
      </Drawer>
    </Card>
  );
}
