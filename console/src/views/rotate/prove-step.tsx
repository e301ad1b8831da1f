import { useState } from 'react';
import type { StagedCredentialProofFragment } from '../../api/generated/graphql.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Form } from '../../components/form.tsx';
import { TestResult } from '../../components/test-result.tsx';
import { PROVE as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import { AbandonStaged } from './abandon-staged.tsx';
import { Comparison } from './comparison.tsx';
import { TEST_STAGED } from './rotation-operations.ts';
import { StagedFacts } from './staged-facts.tsx';
import type { StepProps } from './step-props.ts';

/** Tests the staged version beside the current one, as often as the reader likes. Nothing is activated by it. */
export function ProveStep({ registry, onGo }: StepProps) {
  const { projectId, id, credential } = registry;
  const { staged } = credential;
  const [found, setFound] = useState<StagedCredentialProofFragment>();
  const [isAbandoning, setAbandoning] = useState(false);
  const test = useCommand(TEST_STAGED, { onSuccess: ({ testStagedCredential }) => setFound(testStagedCredential) });
  if (staged === null) return null;

  const { version } = staged;
  // Somebody may stage another one meanwhile: what was found is not about that.
  const proof = found?.staged.credentialVersion === version ? found : undefined;
  const goOn = () => onGo({ proved: version });

  return (
    <div className={css.stack}>
      <Card>
        <Form
          onSubmit={() => {
            setFound(undefined);
            test.mutate({ projectId, id, version });
          }}
          error={test.error}
          aria-label={TEXTS.title(version)}
          actions={
            <>
              {proof?.provesEnough && (
                <Button kind="primary" onPress={goOn}>
                  {TEXTS.goOn}
                </Button>
              )}
              <Button type="submit" kind={proof?.provesEnough ? 'secondary' : 'primary'} isPending={test.isPending}>
                {proof === undefined ? TEXTS.test : TEXTS.again}
              </Button>
              <Button onPress={() => setAbandoning(true)}>{TEXTS.abandon}</Button>
              {!proof?.provesEnough && (
                <Button kind="quiet" onPress={goOn}>
                  {TEXTS.skip}
                </Button>
              )}
            </>
          }
        >
          <StagedFacts staged={staged} />
          <p className={css.soft}>{TEXTS.how}</p>
          {proof && (
            <Comparison compared={proof} staged={version} active={credential.version}>
              {proof.provesEnough ? (
                <Banner kind="success" title={TEXTS.proved} />
              ) : (
                <Banner kind="danger" title={TEXTS.lacking}>
                  {proof.reason}
                </Banner>
              )}
            </Comparison>
          )}
          {!proof && staged.health && (
            <section className={css.list}>
              <h3>{TEXTS.lastTest}</h3>
              <TestResult health={staged.health} />
            </section>
          )}
        </Form>
      </Card>
      <AbandonStaged
        place={{ projectId, registryId: id }}
        version={version}
        isOpen={isAbandoning}
        onClose={() => setAbandoning(false)}
      />
    </div>
  );
}
