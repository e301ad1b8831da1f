import { PAGES } from '../texts/parts.ts';
import { Button } from './button.tsx';
import { formatCount, formatTotal } from './format.ts';
import css from './pager.module.css';

interface LoadMoreProps {
  /** How many are shown. */
  readonly shown: number;
  /** What they are, in the plural: "registries". */
  readonly what: string;
  /** What one of them is. */
  readonly one: string;
  readonly total?: number | undefined;
  /** False where the service stopped counting: `totalCountIsExact`. */
  readonly totalIsExact?: boolean;
  readonly hasMore: boolean;
  readonly isLoading?: boolean;
  readonly onMore: () => void;
  /** Begins a list anew that has become too long to be kept up to date. Undefined for others. */
  readonly onRestart?: (() => void) | undefined;
}

/** Under a list that grows page by page. */
export function LoadMore(props: LoadMoreProps) {
  const { shown, what, one, total, totalIsExact = true, hasMore, isLoading = false, onMore, onRestart } = props;
  const of =
    total === undefined || (totalIsExact && total <= shown && !hasMore)
      ? ''
      : ` ${PAGES.of(formatTotal(total, totalIsExact))}`;
  return (
    <div className={css.pager}>
      <span role="status">
        {formatCount(shown)}
        {of} {(total ?? shown) === 1 ? one : what}
      </span>
      {onRestart && (
        <span className={css.buttons}>
          {PAGES.long}
          <Button small kind="quiet" icon="refresh" onPress={onRestart}>
            {PAGES.restart}
          </Button>
        </span>
      )}
      {hasMore && (
        <Button small onPress={onMore} isPending={isLoading}>
          {PAGES.more}
        </Button>
      )}
    </div>
  );
}

interface PagerProps {
  readonly what: string;
  readonly total?: number | undefined;
  readonly totalIsExact?: boolean;
  /** Left out at the newest page. */
  readonly onNewer?: (() => void) | undefined;
  /** Left out at the oldest page. */
  readonly onOlder?: (() => void) | undefined;
  readonly isLoading?: boolean;
  readonly newer?: string;
  readonly older?: string;
}

/** Under a list of which one page is shown. */
export function Pager(props: PagerProps) {
  const { what, total, totalIsExact = true, onNewer, onOlder, isLoading = false } = props;
  return (
    <nav className={css.pager} aria-label={PAGES.label(what)}>
      <span role="status">{total === undefined ? '' : `${formatTotal(total, totalIsExact)} ${what}`}</span>
      <span className={css.buttons}>
        <Button small icon="chevron-left" isDisabled={onNewer === undefined || isLoading} onPress={() => onNewer?.()}>
          {props.newer ?? PAGES.newer}
        </Button>
        <Button small icon="chevron-right" isDisabled={onOlder === undefined || isLoading} onPress={() => onOlder?.()}>
          {props.older ?? PAGES.older}
        </Button>
      </span>
    </nav>
  );
}
