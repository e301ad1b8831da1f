import { useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { Form } from '../../components/form.tsx';
import { ErrorState, LoadingState } from '../../components/states.tsx';
import { IMPACT, PROVE, ACTIVATE as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import { LEASES_READ_MS } from '../registry/usage-operations.ts';
import { AbandonStaged } from './abandon-staged.tsx';
import { ActivationOutcome } from './activation-outcome.tsx';
import { comparedTests } from './compared-tests.ts';
import { Comparison } from './comparison.tsx';
import { type GraceChoice, graceChoice, minutesOf } from './grace.ts';
import { GraceFields } from './grace-fields.tsx';
import { ACTIVATE, CHANGE_IMPACT } from './rotation-operations.ts';
import { StagedFacts } from './staged-facts.tsx';
import type { StepProps } from './step-props.ts';

export function ActivateStep({ registry, onGo }: StepProps) {
  const { projectId, id, revision, credential } = registry;
  const { staged } = credential;
  const [chosen, setChosen] = useState<GraceChoice>();
  const [minutes, setMinutes] = useState('60');
  const [isSkipped, setSkipped] = useState(false);
  const [isAbandoning, setAbandoning] = useState(false);
  const impact = useApiQuery(CHANGE_IMPACT, { projectId, id }, { refetchInterval: LEASES_READ_MS });
  const activate = useCommand(ACTIVATE, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    goOn: ({ activateCredential }) => onGo({ activated: activateCredential.registry.credential.version }),
  });
  // It has just been activated or abandoned: the next answer shows the next step.
  if (staged === null) return null;

  // What was read before a failure, or long before this step, does not tell what runs now.
  const isRead = impact.error === null && (impact.isFetchedAfterMount || !impact.isStale);
  const running = isRead ? impact.data?.changeImpact : undefined;
  const grace = graceChoice(chosen, running?.activeLeaseCount);
  const graceMinutes = minutesOf(grace, minutes);
  const compared = comparedTests(activate.error);

  return (
    <div className={css.stack}>
      <Card>
        <Form
          onSubmit={() => {
            if (graceMinutes === undefined) return;
            const input = { version: staged.version, graceMinutes, verify: !isSkipped, expectedRevision: revision };
            activate.mutate({ projectId, id, input });
          }}
          error={compared === undefined ? activate.error : null}
          aria-label={TEXTS.title(staged.version)}
          actions={
            <>
              <Button
                type="submit"
                kind="primary"
                isPending={activate.isPending}
                isDisabled={graceMinutes === undefined}
              >
                {isSkipped ? TEXTS.goUntested : TEXTS.go}
              </Button>
              <Button onPress={() => onGo({})}>{TEXTS.back}</Button>
              <Button onPress={() => setAbandoning(true)}>{PROVE.abandon}</Button>
            </>
          }
        >
          <StagedFacts staged={staged} />
          {compared && (
            <Comparison compared={compared} staged={staged.version} active={credential.version}>
              <Banner kind="danger" title={TEXTS.refused}>
                {activate.error?.message}
              </Banner>
            </Comparison>
          )}
          {impact.error !== null && (
            <ErrorState
              error={impact.error}
              title={TEXTS.unread}
              onRetry={() => void impact.refetch()}
              isRetrying={impact.isFetching}
            />
          )}
          {running === undefined && impact.error === null && <LoadingState what={IMPACT.what} lines={2} />}
          <GraceFields
            grace={grace}
            onGrace={setChosen}
            minutes={minutes}
            onMinutes={setMinutes}
            running={running}
            told={[staged.stagedAt, staged.health?.testedAt]}
          />
          <Checkbox isSelected={isSkipped} onChange={setSkipped} help={TEXTS.skipHelp}>
            {TEXTS.skip}
          </Checkbox>
          {graceMinutes !== undefined && (
            <ActivationOutcome
              staged={staged.version}
              active={credential.version}
              isTested={!isSkipped}
              retiring={credential.retiring?.version ?? null}
              activeLeases={running?.activeLeaseCount}
              graceMinutes={graceMinutes}
            />
          )}
        </Form>
      </Card>
      <AbandonStaged
        place={{ projectId, registryId: id }}
        version={staged.version}
        isOpen={isAbandoning}
        onClose={() => setAbandoning(false)}
      />
    </div>
  );
}
