import { classNames } from './class-names.ts';
import css from './icon.module.css';

/** Drawn on a square of 20, in strokes of the text's colour. */
const SHAPES = {
  add: 'M10 4v12M4 10h12',
  arrow: 'M4 10h12M11 5l5 5-5 5',
  bell: 'M5 8a5 5 0 0 1 10 0c0 4 1.5 5.2 1.5 5.2h-13S5 12 5 8M8.3 16.2a2 2 0 0 0 3.4 0',
  box: 'M10 2.8 16.5 6.2v7.6L10 17.2l-6.5-3.4V6.2ZM3.8 6.4 10 9.7l6.2-3.3M10 9.7v7.2',
  calendar: 'M3.5 5h13v11.5h-13ZM3.5 8.5h13M7 3v3.5M13 3v3.5',
  chart: 'M4 16.5V10M8 16.5V4M12 16.5v-5M16 16.5V7.5',
  check: 'm4.5 10.5 3.7 3.7 7.3-8',
  'chevron-down': 'm5.5 8 4.5 4.5L14.5 8',
  'chevron-left': 'M12 5.5 7.5 10l4.5 4.5',
  'chevron-right': 'M8 5.5 12.5 10 8 14.5',
  'chevron-up': 'M5.5 12 10 7.5l4.5 4.5',
  clock: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M10 6.2V10l2.6 1.8',
  close: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  'cloud-off': 'M3 3l14 14M8 5.3A5 5 0 0 1 14.4 9a3.5 3.5 0 0 1 2.3 5.4M13.5 15.5H6.5a3.5 3.5 0 0 1-.9-6.9',
  copy: 'M7.5 7.5h8.5v8.5H7.5ZM4 12.5V4h8.5',
  cross: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M7.7 7.7l4.6 4.6M12.3 7.7l-4.6 4.6',
  danger: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M10 6.5v4.2M10 13.4v.1',
  download: 'M10 3.5v9M6 9l4 4 4-4M4 16.5h12',
  edit: 'M4 16l.8-3.5L13 4.3l2.7 2.7-8.2 8.2ZM11.5 5.8l2.7 2.7',
  external: 'M8.5 4.5H4.5v11h11v-4M11.5 4h4.5v4.5M16 4l-7 7',
  eye: 'M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5M10 7.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4',
  'eye-off':
    'M3.5 3.5l13 13M8.2 5.2A8 8 0 0 1 10 5c4.8 0 7.5 5 7.5 5a13 13 0 0 1-2.2 2.8M5.2 6.7A13 13 0 0 0 2.5 10s2.7 5 7.5 5a7.5 7.5 0 0 0 3-.600M8.4 8.4a2.2 2.2 0 0 0 3.2 3.2',
  filter: 'M3.5 5.5h13M6 10h8M8.5 14.5h3',
  help: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M8 8.2a2 2 0 1 1 2.9 1.9c-.6.3-.9.7-.9 1.4M10 13.8v.1',
  history: 'M4.2 6.5V3.3M4.2 6.5h3.2M4.2 6.5A7 7 0 1 1 3 10M10 6.5V10l2.5 1.7',
  info: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M10 9.3v4.2M10 6.6v.1',
  key: 'M12.5 3.5a4 4 0 1 1-1.2 7.8L9.5 13H8v1.5H6.5V16h-3v-2.5l5.2-5.2a4 4 0 0 1 3.8-4.8M13.5 6.5v.1',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.6 2.6a3 3 0 0 0 4.3 4.3l1-1',
  list: 'M7.5 5.5h9M7.5 10h9M7.5 14.5h9M3.7 5.5h.1M3.7 10h.1M3.7 14.5h.1',
  lock: 'M5 9h10v7.5H5ZM7 9V6.5a3 3 0 0 1 6 0V9',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  moon: 'M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8',
  more: 'M4.3 10h.4M9.8 10h.4M15.3 10h.4M4.3 10.4h.4M9.8 10.4h.4M15.3 10.4h.4',
  neutral: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M7 10h6',
  ok: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14M6.9 10.2l2.2 2.2 4-4.4',
  overview: 'M3.5 3.5h5.5v6.5H3.5ZM11 3.5h5.5v3.5H11ZM11 9h5.5v7.5H11ZM3.5 12h5.5v4.5H3.5Z',
  pause: 'M7 5v10M13 5v10',
  pipeline:
    'M5 7.5v5M5 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M5 16.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M15 9c0 3-4 2.5-8.2 4.5',
  play: 'M6.5 4.5v11l9-5.5Z',
  refresh: 'M16 4v4h-4M4 16v-4h4M15.6 8A6 6 0 0 0 5 6.5M4.4 12A6 6 0 0 0 15 13.5',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M13 13l3.8 3.8',
  settings:
    'M3.5 6h7M14.5 6h2M12.5 6m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0M3.5 14h2M9.5 14h7M7.5 14m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  shield: 'M10 2.8 16 5v4.5c0 3.8-2.4 6.3-6 7.7-3.6-1.4-6-3.9-6-7.7V5ZM7.4 9.8l1.9 1.9 3.3-3.6',
  'sign-out': 'M11.5 4.5h-7v11h7M8.5 10h8M13.5 7l3 3-3 3',
  sort: 'M7 16V4M4 7l3-3 3 3M13 4v12M10 13l3 3 3-3',
  sun: 'M10 6.7a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6M10 2.5v1.3M10 16.2v1.3M2.5 10h1.3M16.2 10h1.3M4.7 4.7l.9.9M14.4 14.4l.9.9M4.7 15.3l.9-.9M14.4 5.6l.9-.9',
  system: 'M3 4h14v9.5H3ZM7.5 16.5h5M10 13.5v3',
  trash: 'M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.3 8.5l.2 5M11.7 8.5l-.2 5',
  user: 'M10 3.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4M3.8 16.5c.6-3 3-4.6 6.2-4.6s5.6 1.6 6.2 4.6',
  warning: 'M10 3.3 17.3 16H2.7ZM10 8v3.7M10 13.7v.1',
  webhook: 'M10 3.5a3 3 0 0 1 2.4 4.8l2.4 4.2M10 6.5l-3 5.5M4.5 11.2a3 3 0 1 0 3.7 3.8h6.3',
} as const;

export type IconName = keyof typeof SHAPES;
export const ICON_NAMES = Object.keys(SHAPES) as readonly IconName[];

interface IconProps {
  readonly name: IconName;
  /** For an icon that stands alone and says what no text beside it says. */
  readonly label?: string;
  readonly size?: 'small' | 'normal' | 'large';
  readonly className?: string | undefined;
}

export function Icon({ name, label, size = 'normal', className }: IconProps) {
  const shown = { viewBox: '0 0 20 20', className: classNames(css.icon, css[size], className) };
  const path = <path d={SHAPES[name]} />;
  if (label === undefined) {
    return (
      <svg {...shown} aria-hidden="true">
        {path}
      </svg>
    );
  }
  return (
    <svg {...shown} role="img" aria-label={label}>
      {path}
    </svg>
  );
}
