import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from '../components/button.tsx';
import { FRAME } from '../texts/frame.ts';
import { Navigation } from './navigation.tsx';
import styles from './navigation-drawer.module.css';

interface NavigationDrawerProps {
  readonly projectId: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** The navigation on small screens. */
export function NavigationDrawer({ projectId, isOpen, onOpenChange }: NavigationDrawerProps) {
  return (
    <ModalOverlay isDismissable isOpen={isOpen} onOpenChange={onOpenChange} className={styles.scrim ?? ''}>
      <Modal className={styles.drawer ?? ''}>
        <Dialog aria-label={FRAME.openMenu} className={styles.dialog ?? ''}>
          <div className={styles.close}>
            <IconButton icon="close" label={FRAME.closeMenu} onPress={() => onOpenChange(false)} />
          </div>
          <Navigation projectId={projectId} onNavigate={() => onOpenChange(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
