import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { OfflineError } from '../../api/errors.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { registryHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { TextLink } from '../../components/button.tsx';
import { Steps } from '../../components/steps.tsx';
import { NAVIGATION } from '../../texts/frame.ts';
import { REGISTRY as REGISTRY_TEXTS } from '../../texts/registry.ts';
import { ROTATE as TEXTS } from '../../texts/rotate.ts';
import { Missing } from '../registry/missing-registry.tsx';
import { REGISTRY } from '../registry/registry-operations.ts';
import { ActivateStep } from './activate-step.tsx';
import { EnterStep } from './enter-step.tsx';
import { ImpactStep } from './impact-step.tsx';
import { ProveStep } from './prove-step.tsx';
import { ROTATION_STEPS, type RotationStep, rotationStep } from './rotation-position.ts';
import type { RotateSearch } from './search.ts';
import { useStepFocus } from './step-focus.ts';
import type { StepProps } from './step-props.ts';
import { WatchStep } from './watch-step.tsx';

const ROUTE = '/projects/$projectId/registries/$registryId/rotate';

export function RotateView() {
  const { projectId, registryId } = useParams({ from: ROUTE });
  const search = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: ROUTE });
  const query = useApiQuery(REGISTRY, { projectId, id: registryId });
  const registry = query.data?.registry;
  const [isBegun, setBegun] = useState(false);
  const { proved, activated } = search;
  const isNow = search.step === 'now';
  const step = registry
    ? rotationStep(registry.credential, { entering: search.step === 'enter', begun: isBegun, proved, activated })
    : undefined;
  const steps = useStepFocus(isNow ? 'now' : step);
  const back = (
    <TextLink href={registryHref({ projectId, registryId })}>{registry?.name ?? NAVIGATION.registry}</TextLink>
  );
  if (!registry || !step) {
    return (
      <Page title={NAVIGATION.rotate} back={back}>
        {query.data ? (
          <Missing projectId={projectId} registryId={registryId} />
        ) : (
          <Awaited what={REGISTRY_TEXTS.what} query={query} />
        )}
      </Page>
    );
  }
  const go = (to: RotateSearch) => void navigate({ search: to });
  return (
    <Page title={TEXTS.title(registry.name)} back={back} intro={TEXTS.intro}>
      {query.error instanceof OfflineError && <Banner kind="warning" title={REGISTRY_TEXTS.old} />}
      <div ref={steps}>
        {isNow ? (
          <EnterStep key="now" registry={registry} onGo={go} isImmediate />
        ) : (
          <Steps
            label={TEXTS.stepsLabel}
            steps={ROTATION_STEPS.map((id, at) => ({
              id,
              title: TEXTS.steps[id],
              state: at < ROTATION_STEPS.indexOf(step) ? 'done' : id === step ? 'current' : 'coming',
              children: <Step step={id} registry={registry} onGo={go} onBegun={setBegun} activated={activated} />,
            }))}
          />
        )}
      </div>
    </Page>
  );
}

interface ShownStepProps extends StepProps {
  readonly step: RotationStep;
  readonly activated: number | undefined;
  readonly onBegun: (isBegun: boolean) => void;
}

function Step({ step, activated, onBegun, ...props }: ShownStepProps) {
  switch (step) {
    case 'impact':
      return <ImpactStep {...props} />;
    case 'enter':
      return <EnterStep {...props} onBegun={onBegun} />;
    case 'prove':
      return <ProveStep {...props} />;
    case 'activate':
      return <ActivateStep {...props} />;
    case 'watch':
      return <WatchStep {...props} activated={activated} />;
    default:
      return step satisfies never;
  }
}
