import { useState } from 'react';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Form } from '../../components/form.tsx';
import { EmptyState } from '../../components/states.tsx';
import { TestResult } from '../../components/test-result.tsx';
import { TextField } from '../../components/text-field.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { HEALTH as TEXTS } from '../../texts/registry.ts';
import css from './registry.module.css';
import { TEST_REGISTRY } from './registry-operations.ts';
import type { ShownRegistry } from './shown-registry.ts';

export function HealthSection({ registry }: { registry: ShownRegistry }) {
  const { projectId, health, credential } = registry;
  const { can } = usePermissions(projectId);
  return (
    <div className={css.columns}>
      <Card title={TEXTS.title}>
        {health === null ? (
          <EmptyState icon="shield" title={TEXTS.never}>
            {TEXTS.neverHelp}
          </EmptyState>
        ) : (
          <div className={css.stack}>
            {health.credentialVersion !== null && health.credentialVersion !== credential.version && (
              <Banner kind="warning" title={TEXTS.stale(health.credentialVersion, credential.version)} />
            )}
            <TestResult health={health} />
          </div>
        )}
      </Card>
      {can('registry:write') && (
        <Card title={TEXTS.run}>
          <TestNow registry={registry} />
        </Card>
      )}
    </div>
  );
}

/** Begins with the repository that was tested last: one that tells something. */
function TestNow({ registry }: { registry: ShownRegistry }) {
  const { projectId, id, health } = registry;
  const [repository, setRepository] = useState(health?.repository ?? '');
  const test = useCommand(TEST_REGISTRY);
  const run = () => test.mutate({ projectId, id, ...(repository.trim() !== '' && { repository: repository.trim() }) });
  return (
    <Form
      onSubmit={run}
      error={test.error}
      aria-label={TEXTS.run}
      actions={
        <Button type="submit" kind="primary" isPending={test.isPending}>
          {TEXTS.run}
        </Button>
      }
    >
      <TextField
        label={TEXTS.repositoryField}
        name="repository"
        optional
        mono
        value={repository}
        onChange={setRepository}
        help={TEXTS.repositoryHelp}
        autoComplete="off"
        spellCheck="false"
      />
    </Form>
  );
}
