import { useState } from 'react';
import type { LinkedPipelinesOfRegistryQuery } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { registryHref } from '../../app/links.ts';
import { Button, IconButton, TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Tag } from '../../components/status-badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { useToasts } from '../../components/toast.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { PIPELINES as TEXTS } from '../../texts/registry.ts';
import { LinkPipeline } from './link-pipeline.tsx';
import { mergePipelines } from './pipelines.ts';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';
import { LINKED_PIPELINES, UNLINK_PIPELINE } from './usage-operations.ts';

export type PipelineUse = LinkedPipelinesOfRegistryQuery['linkedPipelines'][number];

export function PipelinesSection({ registry }: { registry: ShownRegistry }) {
  const { projectId, id, usage } = registry;
  const { can } = usePermissions(projectId);
  const linked = useApiQuery(LINKED_PIPELINES, { projectId, id });
  const [edited, setEdited] = useState<PipelineUse | 'new'>();
  const [unlinked, setUnlinked] = useState<string>();
  const pipelines = mergePipelines(usage.pipelines, linked.data?.linkedPipelines ?? []);
  const mayChange = can('registry:write');

  const columns: Column<PipelineUse>[] = [
    {
      id: 'pipeline',
      label: TEXTS.column.pipeline,
      isTitle: true,
      cell: (use) => (
        <span className={css.line}>
          <TextLink
            href={registryHref({ projectId, registryId: id }, { tab: 'leases', leases: 'all', pipeline: use.pipeline })}
          >
            {use.pipeline}
          </TextLink>
          {use.linked && <Tag>{TEXTS.linked}</Tag>}
        </span>
      ),
    },
    {
      id: 'lastUsed',
      label: TEXTS.column.lastUsed,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? TEXTS.never : <Time at={lastUsedAt} show="relative" />),
    },
    { id: 'leases', label: TEXTS.column.leases, align: 'end', cell: ({ leases }) => leases },
    { id: 'note', label: TEXTS.column.note, cell: ({ note }) => <span className={css.break}>{note}</span> },
  ];
  if (mayChange) {
    columns.push({
      id: 'actions',
      label: TEXTS.column.actions,
      hideLabel: true,
      align: 'end',
      cell: (use) => (
        <span className={css.buttons}>
          <IconButton
            icon={use.linked ? 'edit' : 'link'}
            label={`${use.linked ? TEXTS.relink : TEXTS.save}: ${use.pipeline}`}
            onPress={() => setEdited(use)}
          />
          {use.linked && (
            <IconButton
              icon="trash"
              label={`${TEXTS.unlink}: ${use.pipeline}`}
              onPress={() => setUnlinked(use.pipeline)}
            />
          )}
        </span>
      ),
    });
  }

  const add = mayChange && (
    <Button small icon="add" onPress={() => setEdited('new')}>
      {TEXTS.link}
    </Button>
  );
  return (
    <Card title={TEXTS.title} actions={add || undefined} flush>
      <Table
        label={TEXTS.title}
        columns={columns}
        rows={pipelines}
        rowKey={({ pipeline }) => pipeline}
        isLoading={linked.isPending && pipelines.length === 0}
        empty={
          <EmptyState icon="pipeline" title={TEXTS.none}>
            {TEXTS.noneHelp}
          </EmptyState>
        }
      />
      {edited !== undefined && (
        <LinkPipeline
          registry={registry}
          use={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(undefined)}
        />
      )}
      {unlinked !== undefined && (
        <Unlink registry={registry} pipeline={unlinked} onClose={() => setUnlinked(undefined)} />
      )}
    </Card>
  );
}

interface UnlinkProps {
  readonly registry: ShownRegistry;
  readonly pipeline: string;
  readonly onClose: () => void;
}

function Unlink({ registry: { projectId, id, revision }, pipeline, onClose }: UnlinkProps) {
  const toasts = useToasts();
  const unlink = useCommand(UNLINK_PIPELINE, {
    onSuccess: () => {
      onClose();
      toasts.done(TEXTS.undone(pipeline));
    },
  });
  return (
    <ConfirmDialog
      title={TEXTS.unlinkTitle(pipeline)}
      isOpen
      onClose={onClose}
      onConfirm={() => unlink.mutate({ projectId, id, pipeline, expectedRevision: revision })}
      confirmLabel={TEXTS.unlink}
      isPending={unlink.isPending}
      error={unlink.error}
    >
      <p>{TEXTS.unlinkHelp}</p>
    </ConfirmDialog>
  );
}
