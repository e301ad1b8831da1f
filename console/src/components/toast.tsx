import { createContext, type ReactNode, useContext, useState } from 'react';
import {
  UNSTABLE_Toast as AriaToast,
  Button,
  Text,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import css from './toast.module.css';

interface Message {
  readonly kind: 'done' | 'failed';
  readonly title: string;
  readonly text?: string;
}

/** Long enough to read it twice; it waits while the pointer or the focus is on it. */
const SHOWN_FOR_MS = 7000;

interface Toasts {
  /** Something was done: read out when the reader pauses, and gone after 7 s. */
  readonly done: (title: string, text?: string) => void;
  /** Something failed that has no place on the page: read out at once, and it stays until it is closed. */
  readonly failed: (title: string, text?: string) => void;
}

const ToastContext = createContext<Toasts | null>(null);

function makeToasts(queue: ToastQueue<Message>): Toasts {
  return {
    done: (title, text) =>
      queue.add({ kind: 'done', title, ...(text !== undefined && { text }) }, { timeout: SHOWN_FOR_MS }),
    failed: (title, text) => queue.add({ kind: 'failed', title, ...(text !== undefined && { text }) }),
  };
}

/** Once, around the console. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [queue] = useState(() => new ToastQueue<Message>({ maxVisibleToasts: 4 }));
  const [toasts] = useState(() => makeToasts(queue));
  return (
    <ToastContext value={toasts}>
      {children}
      <ToastRegion queue={queue} className={classNames(css.region)} aria-label={PARTS.messages}>
        {({ toast }) => (
          <AriaToast toast={toast} className={classNames(css.toast, css[toast.content.kind])}>
            <Icon name={toast.content.kind === 'done' ? 'ok' : 'danger'} className={css.icon} />
            <ToastContent className={css.words} role={toast.content.kind === 'done' ? 'status' : 'alert'}>
              <Text slot="title" className={classNames(css.title)}>
                {toast.content.title}
              </Text>
              {toast.content.text !== undefined && <Text slot="description">{toast.content.text}</Text>}
            </ToastContent>
            <Button slot="close" aria-label={PARTS.close} className={classNames(css.close)}>
              <Icon name="close" size="small" />
            </Button>
          </AriaToast>
        )}
      </ToastRegion>
    </ToastContext>
  );
}

export function useToasts(): Toasts {
  const toasts = useContext(ToastContext);
  if (toasts === null) throw new Error('useToasts needs a ToastProvider around it');
  return toasts;
}
