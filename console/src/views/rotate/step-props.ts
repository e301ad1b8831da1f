import type { ShownRegistry } from '../registry/shown-registry.ts';
import type { RotateSearch } from './search.ts';

export interface StepProps {
  readonly registry: ShownRegistry;
  /** Changes what the address holds; the back button undoes it. */
  readonly onGo: (search: RotateSearch) => void;
}
