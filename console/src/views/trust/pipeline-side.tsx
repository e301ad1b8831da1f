import { Card } from '../../components/card.tsx';
import { CodeBlock } from '../../components/copy.tsx';
import { RULE as TEXTS } from '../../texts/trust.ts';
import type { Side } from './sides.ts';
import css from './trust.module.css';

export function PipelineSide({ sides }: { readonly sides: readonly Side[] }) {
  return (
    <Card title={TEXTS.pipeline}>
      <div className={css.stack}>
        <p className={css.soft}>{TEXTS.pipelineIntro}</p>
        {sides.map(({ title, text }) => (
          <CodeBlock key={title} title={title} what={title} code={text} />
        ))}
      </div>
    </Card>
  );
}
