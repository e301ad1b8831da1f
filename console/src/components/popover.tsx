import type { ReactNode } from 'react';
import {
  Popover as AriaPopover,
  type PopoverProps as AriaPopoverProps,
  Tooltip as AriaTooltip,
  Button,
  Dialog,
  DialogTrigger,
} from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import css from './popover.module.css';

/** Goes inside a `TooltipTrigger`, after what it explains. */
export function Tooltip({ children }: { readonly children: ReactNode }) {
  return (
    <AriaTooltip className={classNames(css.tooltip)} offset={6}>
      {children}
    </AriaTooltip>
  );
}

type PopoverProps = Omit<AriaPopoverProps, 'className' | 'style' | 'children'> & { readonly children: ReactNode };

/** The surface of menus, lists and small dialogs. */
export function Popover({ children, ...rest }: PopoverProps) {
  return (
    <AriaPopover offset={4} {...rest} className={classNames(css.popover)}>
      {children}
    </AriaPopover>
  );
}

interface HelpProps {
  /** What it explains, for those who do not see what it stands beside. */
  readonly about: string;
  readonly children: ReactNode;
}

/** A question mark that explains a word: opened by a press, so that fingers and keys reach it too. */
export function Help({ about, children }: HelpProps) {
  return (
    <DialogTrigger>
      <Button className={classNames(css.help)} aria-label={PARTS.about(about)}>
        <Icon name="help" size="small" />
      </Button>
      <Popover placement="top">
        <Dialog className={classNames(css.helpText)} aria-label={PARTS.about(about)}>
          {children}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
