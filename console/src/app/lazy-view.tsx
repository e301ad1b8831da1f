import { type FunctionComponent, use } from 'react';

/** The code of a view is not there: the network or the service is away, or has another build of the console by now. */
export class ViewNotLoaded extends Error {
  override readonly name = 'ViewNotLoaded';
  /** Loads it once more. @returns whether it is there now */
  readonly again: () => Promise<boolean>;

  constructor(again: () => Promise<boolean>, cause: unknown) {
    super('the code of a view could not be loaded', { cause });
    this.again = again;
  }
}

/** What `preload` gives never rejects: the view throws when it is shown. */
export type LazyView = FunctionComponent & { readonly preload: () => Promise<void> };

/**
 * A view whose code is loaded when it is needed. The router's own way loads the whole page again if that fails: a person whose
 * network is away would get the browser's error page, and would have to sign in again.
 */
export function lazyView<Name extends string>(
  load: () => Promise<Readonly<Record<Name, FunctionComponent>>>,
  name: Name,
): LazyView {
  let View: FunctionComponent | undefined;
  let fault: ViewNotLoaded | undefined;
  let loading: Promise<void> | undefined;

  async function settle(): Promise<void> {
    try {
      View = (await load())[name];
      fault = undefined;
    } catch (error) {
      fault = new ViewNotLoaded(again, error);
    }
    loading = undefined;
  }

  function preload(): Promise<void> {
    loading ??= settle();
    return loading;
  }

  async function again(): Promise<boolean> {
    await preload();
    return View !== undefined;
  }

  function Lazy() {
    if (View !== undefined) return <View />;
    if (fault !== undefined) throw fault;
    use(preload());
    return null;
  }
  return Object.assign(Lazy, { preload: () => (View === undefined ? preload() : Promise.resolve()) });
}
