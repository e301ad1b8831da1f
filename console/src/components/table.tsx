import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef } from 'react';
import { Button, Link } from 'react-aria-components';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import css from './table.module.css';

export interface Sort<Field extends string> {
  readonly field: Field;
  readonly direction: 'ASC' | 'DESC';
}

export interface Column<Row, Field extends string = never> {
  readonly id: string;
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  /** Names the row: it carries the link, and is the heading of the card on narrow screens. One column has it. */
  readonly isTitle?: boolean;
  /** The header sorts by this field. */
  readonly sortBy?: Field;
  /** Numbers, times and buttons stand at the end. */
  readonly align?: 'end';
  /** Left out where the table is narrower than 48 or 64 rem; cards show all. */
  readonly from?: 'medium' | 'wide';
  /** For a column of buttons: its label is for screen readers. */
  readonly hideLabel?: boolean;
  readonly width?: string;
  /** Nothing is known there, which the table says: a card leaves it out. */
  readonly isEmpty?: (row: Row) => boolean;
}

interface TableProps<Row, Field extends string> {
  readonly label: string;
  readonly columns: readonly Column<Row, Field>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Where a row leads: all of it can be pressed. */
  readonly href?: (row: Row) => string;
  /** What a row opens here, such as a `Drawer`, where it has no address. */
  readonly onOpen?: (row: Row) => void;
  readonly sort?: Sort<Field>;
  readonly onSort?: (sort: Sort<Field>) => void;
  /** Without rows it shows grey ones; with rows it keeps them, dimmed. */
  readonly isLoading?: boolean;
  /** An `EmptyState`, for no rows. */
  readonly empty?: ReactNode;
}

const GREY_ROWS = ['a', 'b', 'c', 'd', 'e', 'f'];

/**
 * A table of HTML, not a grid: screen readers read it in their own way and text can be selected. Arrow keys move between the rows' links.
 * Where it is narrow each row is a card, each value with its column's name.
 */
export function Table<Row, Field extends string = never>(props: TableProps<Row, Field>) {
  const { label, columns, rows, rowKey, isLoading = false, empty } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const open = useLatest(props.onOpen);
  if (rows.length === 0 && !isLoading && empty !== undefined) return empty;

  function move(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const links = [...(body.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const at = event.target instanceof HTMLElement ? links.indexOf(event.target) : -1;
    const next = links[at + step];
    if (step === 0 || at === -1 || next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  return (
    <div className={css.frame}>
      <table className={css.table} aria-label={label} aria-busy={isLoading}>
        <thead className={css.head}>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={move} className={classNames(isLoading && css.dimmed)}>
          {rows.map((row) => (
            <BodyRow
              key={rowKey(row)}
              row={row}
              columns={columns}
              address={props.href?.(row)}
              onOpen={props.onOpen && open}
            />
          ))}
          {rows.length === 0 &&
            isLoading &&
            GREY_ROWS.map((row) => (
              <tr key={row} className={css.row} aria-hidden>
                {columns.map((column) => (
                  <BodyCell key={column.id} column={column}>
                    <span className={css.grey} />
                  </BodyCell>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function cellClass<Row, Field extends string>({ align, from, isTitle, hideLabel }: Column<Row, Field>): string {
  return classNames(
    css.cell,
    align === 'end' && css.end,
    from && css[from],
    isTitle && css.title,
    hideLabel && css.buttons,
  );
}

interface HeaderCellProps<Row, Field extends string> {
  readonly column: Column<Row, Field>;
  readonly sort: Sort<Field> | undefined;
  readonly onSort: ((sort: Sort<Field>) => void) | undefined;
}

function HeaderCell<Row, Field extends string>({ column, sort, onSort }: HeaderCellProps<Row, Field>) {
  const { sortBy, label, hideLabel = false, width } = column;
  const style = width === undefined ? {} : { style: { '--width': width } };
  if (sortBy === undefined || onSort === undefined) {
    return (
      <th scope="col" className={classNames(cellClass(column), css.plainHeader)} {...style}>
        <span className={classNames(hideLabel && css.spokenOnly)}>{label}</span>
      </th>
    );
  }
  const isSorted = sort?.field === sortBy;
  const isUp = isSorted && sort.direction === 'ASC';
  return (
    <th
      scope="col"
      className={cellClass(column)}
      aria-sort={isSorted ? (isUp ? 'ascending' : 'descending') : 'none'}
      {...style}
    >
      <Button
        className={classNames(css.sort, isSorted && css.sorted)}
        onPress={() => onSort({ field: sortBy, direction: isUp ? 'DESC' : 'ASC' })}
      >
        {label}
        <Icon name={isSorted ? (isUp ? 'chevron-up' : 'chevron-down') : 'sort'} size="small" />
      </Button>
    </th>
  );
}

interface BodyCellProps<Row, Field extends string> {
  readonly column: Column<Row, Field>;
  readonly isEmpty?: boolean | undefined;
  readonly children: ReactNode;
}

function BodyCell<Row, Field extends string>({ column, isEmpty = false, children }: BodyCellProps<Row, Field>) {
  if (column.isTitle) {
    return (
      <th scope="row" className={cellClass(column)}>
        {children}
      </th>
    );
  }
  return (
    <td className={classNames(cellClass(column), isEmpty && css.nothing)}>
      {!column.hideLabel && (
        <span className={css.name} aria-hidden>
          {column.label}
        </span>
      )}
      <span className={css.value}>{children}</span>
    </td>
  );
}

interface BodyRowProps<Row, Field extends string> {
  readonly row: Row;
  readonly columns: readonly Column<Row, Field>[];
  readonly address: string | undefined;
  readonly onOpen: ((row: Row) => void) | undefined;
}

/** Drawn again only if it changed: a list that grows page by page has hundreds. */
function BodyRow<Row, Field extends string>({ row, columns, address, onOpen }: BodyRowProps<Row, Field>) {
  return useMemo(
    () => (
      <tr className={classNames(css.row, (address !== undefined || onOpen) && css.open)}>
        {columns.map((column) => (
          <BodyCell key={column.id} column={column} isEmpty={column.isEmpty?.(row)}>
            {column.isTitle ? <RowLink {...{ row, address, onOpen, column }} /> : column.cell(row)}
          </BodyCell>
        ))}
      </tr>
    ),
    [row, columns, address, onOpen],
  );
}

interface RowLinkProps<Row, Field extends string> extends Omit<BodyRowProps<Row, Field>, 'columns'> {
  readonly column: Column<Row, Field>;
}

function RowLink<Row, Field extends string>({ row, column, address, onOpen }: RowLinkProps<Row, Field>) {
  if (address !== undefined) {
    return (
      <Link href={address} className={classNames(css.link)} data-row>
        {column.cell(row)}
      </Link>
    );
  }
  if (onOpen === undefined) return column.cell(row);
  return (
    <Button onPress={() => onOpen(row)} className={classNames(css.link)} data-row>
      {column.cell(row)}
    </Button>
  );
}

/** The same function for ever, which calls the one that was given last. */
function useLatest<Argument>(given: ((argument: Argument) => void) | undefined): (argument: Argument) => void {
  const latest = useRef(given);
  useEffect(() => {
    latest.current = given;
  });
  return useCallback((argument) => latest.current?.(argument), []);
}
