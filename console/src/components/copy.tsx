import { useEffect, useState } from 'react';
import { Button as AriaButton, TooltipTrigger } from 'react-aria-components';
import { COPY } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import css from './copy.module.css';
import { Icon } from './icon.tsx';
import { Tooltip } from './popover.tsx';

/** How long a button says that it worked, in milliseconds. */
const SAID_FOR_MS = 2000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied: "the URL". */
  readonly what: string;
}

type Outcome = 'none' | 'copied' | 'refused';

export function CopyButton({ text, what }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<Outcome>('none');
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  function copy(): void {
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('refused'),
    );
  }

  const said = { none: '', copied: COPY.copied, refused: COPY.refused }[outcome];
  return (
    <>
      <TooltipTrigger delay={400} {...(outcome !== 'none' && { isOpen: true })}>
        <AriaButton aria-label={COPY.label(what)} onPress={copy} className={classNames(css.copy)}>
          <Icon name={outcome === 'copied' ? 'check' : 'copy'} size="small" />
        </AriaButton>
        <Tooltip>{said || COPY.label(what)}</Tooltip>
      </TooltipTrigger>
      <span role="status" className={css.spoken}>
        {said}
      </span>
    </>
  );
}

interface CodeBlockProps {
  readonly code: string;
  /** What it is, for the button and for screen readers: "the configuration for podman". */
  readonly what: string;
  readonly title?: string;
}

/** Text to copy, as it stands: it scrolls sideways and never wraps. */
export function CodeBlock({ code, what, title }: CodeBlockProps) {
  return (
    <figure className={css.block}>
      <figcaption className={css.caption}>
        <span>{title}</span>
        <CopyButton text={code} what={what} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys, and have a name then */}
      <section className={css.code} tabIndex={0} aria-label={what}>
        <pre>
          <code>{code}</code>
        </pre>
      </section>
    </figure>
  );
}
