import { type ReactNode, useState } from 'react';
import { PARTS } from '../texts/parts.ts';
import { Button } from './button.tsx';

interface FewProps<Item> {
  readonly items: readonly Item[];
  /** How many are shown at first. */
  readonly most?: number;
  readonly children: (shown: readonly Item[]) => ReactNode;
}

/** The first few of a list, and a button for the others: what stands below it, such as the next step, stays within reach. */
export function Few<Item>({ items, most = 3, children }: FewProps<Item>) {
  const [isAll, setAll] = useState(false);
  return (
    <>
      {children(isAll ? items : items.slice(0, most))}
      {items.length > most && (
        <div>
          <Button small kind="quiet" onPress={() => setAll(!isAll)}>
            {isAll ? PARTS.fewer : PARTS.all(items.length)}
          </Button>
        </div>
      )}
    </>
  );
}
