import { useState } from 'react';
import { Page } from '../../app/page.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState } from '../../components/states.tsx';
import { SearchField } from '../../components/text-field.tsx';
import { useViewer } from '../../session/permissions.ts';
import { PROJECTS } from '../../texts/projects.ts';
import { ProjectCard } from './project-card.tsx';
import css from './projects.module.css';

/** Each card asks by itself, so only what is shown costs anything. */
const AT_ONCE = 24;
/** From this number on there is a field to search in. */
const MANY = 8;

export function ProjectsView() {
  const { projects } = useViewer();
  const [sought, setSought] = useState('');
  const [most, setMost] = useState(AT_ONCE);
  const found = projects.filter(({ id }) => id.toLowerCase().includes(sought.trim().toLowerCase()));
  const shown = found.slice(0, most);
  return (
    <Page title={PROJECTS.title} intro={PROJECTS.intro(projects.length)}>
      {projects.length >= MANY && (
        <div className={css.search}>
          <SearchField label={PROJECTS.find} value={sought} onChange={setSought} />
        </div>
      )}
      {found.length === 0 ? (
        <EmptyState icon="search" title={PROJECTS.none} />
      ) : (
        <ul className={css.list} aria-label={PROJECTS.list}>
          {shown.map(({ id }) => (
            <ProjectCard key={id} projectId={id} />
          ))}
        </ul>
      )}
      {found.length > AT_ONCE && (
        <LoadMore
          shown={shown.length}
          what={PROJECTS.what}
          one={PROJECTS.one}
          total={found.length}
          hasMore={shown.length < found.length}
          onMore={() => setMost(most + AT_ONCE)}
        />
      )}
    </Page>
  );
}
