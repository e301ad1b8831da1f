import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Link as AriaLink,
  type LinkProps as AriaLinkProps,
  TooltipTrigger,
} from 'react-aria-components';
import css from './button.module.css';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';
import { Tooltip } from './popover.tsx';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Look {
  readonly kind?: ButtonKind;
  readonly small?: boolean;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

function lookOf({ kind = 'secondary', small = false }: Pick<Look, 'kind' | 'small'>): string {
  return classNames(css.button, css[kind], small && css.small);
}

type ButtonProps = Look & Omit<AriaButtonProps, 'children' | 'className' | 'style'>;

/** What `Form` finds the button by that submits it, which is of another type while it is pending. */
const SUBMITS = 'data-submits';
export const PENDING_SUBMIT = `[${SUBMITS}][data-pending]`;

/** While `isPending`, it keeps its width and its focus, takes no press, and screen readers hear that it is busy. */
export function Button({ kind, small, icon, children, ...rest }: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      {...(rest.type === 'submit' && { [SUBMITS]: true })}
      className={lookOf({ ...(kind && { kind }), ...(small && { small }) })}
    >
      {({ isPending }) => (
        <>
          <span className={classNames(css.content, isPending && css.hidden)}>
            {icon && <Icon name={icon} size={small ? 'small' : 'normal'} />}
            {children}
          </span>
          {isPending && <span className={css.spinner} aria-hidden />}
        </>
      )}
    </AriaButton>
  );
}

type LinkButtonProps = Look & Omit<AriaLinkProps, 'children' | 'className' | 'style'>;

/** A link that looks like a button: for what has an address. */
export function LinkButton({ kind, small, icon, children, ...rest }: LinkButtonProps) {
  return (
    <AriaLink {...rest} className={lookOf({ ...(kind && { kind }), ...(small && { small }) })}>
      <span className={css.content}>
        {icon && <Icon name={icon} size={small ? 'small' : 'normal'} />}
        {children}
      </span>
    </AriaLink>
  );
}

type TextLinkProps = Omit<AriaLinkProps, 'className' | 'style' | 'children'> & {
  readonly children: ReactNode;
  /** It leads out of the console: a new tab, which gets no referrer. */
  readonly external?: boolean;
};

export function TextLink({ external = false, children, ...rest }: TextLinkProps) {
  const outside = external ? { target: '_blank', rel: 'noreferrer' } : {};
  return (
    <AriaLink {...rest} {...outside} className={classNames(css.link)}>
      {children}
      {external && <Icon name="external" size="small" label="(opens in a new tab)" className={css.external} />}
    </AriaLink>
  );
}

type IconButtonProps = Omit<AriaButtonProps, 'children' | 'className' | 'style' | 'aria-label'> & {
  readonly icon: IconName;
  /** Its name, which the tooltip shows. */
  readonly label: string;
  readonly kind?: 'secondary' | 'quiet';
};

export function IconButton({ icon, label, kind = 'quiet', ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...rest} aria-label={label} className={classNames(css.button, css[kind], css.iconOnly)}>
        <Icon name={icon} />
      </AriaButton>
      <Tooltip>{label}</Tooltip>
    </TooltipTrigger>
  );
}
