import { useEffect } from 'react';
import { FRAME } from '../texts/frame.ts';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = FRAME.title([title]);
  }, [title]);
}
