import type { ReactNode } from 'react';
import { PARTS } from '../texts/parts.ts';
import css from './banner.module.css';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';

export type BannerKind = 'info' | 'success' | 'warning' | 'danger';

const ICONS: Readonly<Record<BannerKind, IconName>> = {
  info: 'info',
  success: 'ok',
  warning: 'warning',
  danger: 'danger',
};

interface BannerProps {
  readonly kind?: BannerKind;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  /** A button or a link: what to do about it. */
  readonly action?: ReactNode;
  readonly onClose?: () => void;
}

/** A message that stays. A danger is read out at once, others when the reader pauses. */
export function Banner({ kind = 'info', title, children, action, onClose }: BannerProps) {
  return (
    <div role={kind === 'danger' ? 'alert' : 'status'} className={classNames(css.banner, css[kind])}>
      <Icon name={ICONS[kind]} className={css.icon} />
      <div className={css.words}>
        {title !== undefined && <p className={css.title}>{title}</p>}
        {children !== undefined && <div className={css.text}>{children}</div>}
      </div>
      {action !== undefined && <div className={css.action}>{action}</div>}
      {onClose !== undefined && <IconButton icon="close" label={PARTS.dismiss} onPress={onClose} />}
    </div>
  );
}
