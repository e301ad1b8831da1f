import { type ReactNode, useState } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { Banner } from './banner.tsx';
import { Button, IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import css from './dialog.module.css';
import type { Failure } from './failure.ts';
import { TextField } from './text-field.tsx';

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** The buttons, at the end. A `Form` inside brings its own. */
  readonly actions?: ReactNode;
  readonly size?: 'small' | 'normal' | 'wide';
  /** Nothing but its buttons closes it: for what must be read, such as a URL that is shown once. */
  readonly mustAnswer?: boolean;
}

/** Takes the focus and gives it back. Escape and a press beside it close it. */
export function Dialog(props: DialogProps) {
  const { title, isOpen, onClose, children, actions, size = 'normal', mustAnswer = false } = props;
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={!mustAnswer}
      isKeyboardDismissDisabled={mustAnswer}
      className={classNames(css.overlay)}
      data-overlay
    >
      <Modal className={classNames(css.modal, css[size])}>
        <AriaDialog className={classNames(css.dialog)}>
          <header className={css.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!mustAnswer && <IconButton icon="close" label={PARTS.close} onPress={onClose} />}
          </header>
          <div className={css.body}>{children}</div>
          {actions !== undefined && <footer className={css.actions}>{actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmDialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  /** What the button does: "Delete registry". */
  readonly confirmLabel: string;
  readonly children: ReactNode;
  /** Has to be typed before the button works: the URL of what is deleted. */
  readonly typed?: { readonly text: string; readonly label: string };
  readonly isPending?: boolean;
  readonly error?: Failure | null;
  readonly isDanger?: boolean;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  return (
    <Dialog title={props.title} isOpen={props.isOpen} onClose={props.onClose} size="small">
      <Question {...props} />
    </Dialog>
  );
}

/** In a part of its own, so that what was typed is gone when the dialog closes. */
function Question({
  onClose,
  onConfirm,
  confirmLabel,
  children,
  typed,
  isPending = false,
  error,
  isDanger = true,
}: ConfirmDialogProps) {
  const [text, setText] = useState('');
  const isConfirmed = typed === undefined || text.trim() === typed.text;
  return (
    <form
      className={css.question}
      onSubmit={(event) => {
        event.preventDefault();
        if (isConfirmed && !isPending) onConfirm();
      }}
    >
      {children}
      {typed !== undefined && (
        <TextField
          label={typed.label}
          value={text}
          onChange={setText}
          mono
          autoFocus
          autoComplete="off"
          spellCheck="false"
        />
      )}
      {error !== undefined && error !== null && <Banner kind="danger" title={error.message} />}
      <div className={css.buttons}>
        <Button type="submit" kind={isDanger ? 'danger' : 'primary'} isDisabled={!isConfirmed} isPending={isPending}>
          {confirmLabel}
        </Button>
        <Button onPress={onClose}>{PARTS.cancel}</Button>
      </div>
    </form>
  );
}

type DrawerProps = Omit<DialogProps, 'size' | 'mustAnswer'>;

/** A panel at the side for one entry of a list, which stays in sight; on narrow screens it takes all the width. */
export function Drawer({ title, isOpen, onClose, children, actions }: DrawerProps) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
      className={classNames(css.overlay, css.aside)}
      data-overlay
    >
      <Modal className={classNames(css.drawer)}>
        <AriaDialog className={classNames(css.dialog)}>
          <header className={css.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton icon="close" label={PARTS.close} onPress={onClose} />
          </header>
          <div className={css.body}>{children}</div>
          {actions !== undefined && <footer className={css.actions}>{actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
