import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { SIGN_IN } from '../texts/session.ts';
import styles from './session-ended-dialog.module.css';
import { SignInPanel } from './sign-in-panel.tsx';
import type { SignedOutReason } from './tokens.ts';

/** Over the page that somebody was on, which stays as it is. */
export function SessionEndedDialog({ reason }: { reason: SignedOutReason }) {
  return (
    <ModalOverlay isOpen isKeyboardDismissDisabled className={styles.scrim ?? ''}>
      <Modal className={styles.modal ?? ''}>
        <Dialog role="alertdialog" className={styles.dialog ?? ''}>
          <Heading slot="title">{SIGN_IN.ended}</Heading>
          <SignInPanel reason={reason} />
          <p className={styles.hint}>{SIGN_IN.endedHint}</p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
