import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { startAgain } from '../../api/long-lists.ts';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { AUDIT } from '../../texts/audit.ts';
import styles from './audit-view.module.css';
import { EntriesList } from './entries-list.tsx';
import { EntryPanel } from './entry-panel.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { Filters } from './filters.tsx';
import { OutcomeChart } from './outcome-chart.tsx';
import type { AuditSearch } from './search.ts';

const route = getRouteApi('/projects/$projectId/audit');

export function AuditView() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const [isExporting, setExporting] = useState(false);

  const refresh = () => startAgain(queries, [projectId]);
  /** Each choice is a step that the back button undoes. */
  const show = (next: AuditSearch) => void navigate({ search: next, resetScroll: false });

  return (
    <Page
      title={AUDIT.title}
      intro={AUDIT.intro}
      actions={
        <>
          <Button icon="refresh" onPress={refresh}>
            {AUDIT.refresh}
          </Button>
          <Button icon="download" onPress={() => setExporting(true)}>
            {AUDIT.export}
          </Button>
          <LinkButton icon="shield" href={projectHref(projectId, 'audit/verify')}>
            {AUDIT.verify}
          </LinkButton>
        </>
      }
    >
      <div className={styles.view}>
        <Filters search={search} onChange={show} />
        <OutcomeChart projectId={projectId} search={search} onChange={show} />
        <EntriesList projectId={projectId} search={search} onChange={show} />
      </div>
      <EntryPanel projectId={projectId} search={search} onChange={show} />
      <ExportDialog projectId={projectId} search={search} isOpen={isExporting} onClose={() => setExporting(false)} />
    </Page>
  );
}
