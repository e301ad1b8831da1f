import { ToastProvider } from '../src/components/toast.tsx';
import { Actions } from './actions.tsx';
import { Charts } from './charts.tsx';
import { Fields } from './fields.tsx';
import css from './gallery.module.css';
import { Lists } from './lists.tsx';
import { Messages } from './messages.tsx';

export function Gallery() {
  return (
    <ToastProvider>
      <main className={css.page}>
        <h1>Parts of the console</h1>
        <Actions />
        <Lists />
        <Charts />
        <Fields />
        <Messages />
      </main>
    </ToastProvider>
  );
}
