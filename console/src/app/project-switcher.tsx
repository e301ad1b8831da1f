import { useRouter } from '@tanstack/react-router';
import {
  Autocomplete,
  Button,
  Input,
  Menu,
  MenuItem,
  MenuTrigger,
  Popover,
  SearchField,
  useFilter,
} from 'react-aria-components';
import { Icon } from '../components/icon.tsx';
import { useViewer } from '../session/permissions.ts';
import { FRAME } from '../texts/frame.ts';
import styles from './menu.module.css';

/** From this number on there is a field to search in. */
const MANY = 8;
const ALL = '/';

/** Which project is shown, and the others that the token names. */
export function ProjectSwitcher({ projectId }: { projectId: string | undefined }) {
  const router = useRouter();
  const { projects } = useViewer();
  const { contains } = useFilter({ sensitivity: 'base' });
  const isSearchable = projects.length >= MANY;

  const choose = (key: string | number) => {
    if (key === ALL) return void router.navigate({ to: '/projects' });
    return void router.navigate({ to: '/projects/$projectId', params: { projectId: String(key) } });
  };

  const menu = (
    <Menu
      aria-label={FRAME.project}
      className={styles.menu ?? ''}
      onAction={choose}
      renderEmptyState={() => <p className={styles.empty}>{FRAME.noProjectFound}</p>}
    >
      {projects.map(({ id }) => (
        <MenuItem key={id} id={id} textValue={id} className={styles.item ?? ''}>
          <span className={styles.label}>{id}</span>
          {id === projectId ? <Icon name="check" size="small" /> : null}
        </MenuItem>
      ))}
      <MenuItem id={ALL} textValue={FRAME.allProjects} className={styles.last ?? ''}>
        {FRAME.allProjects}
      </MenuItem>
    </Menu>
  );

  return (
    <MenuTrigger>
      <Button
        className={styles.trigger ?? ''}
        aria-label={projectId === undefined ? FRAME.allProjects : FRAME.switchProject(projectId)}
      >
        <span className={styles.chosen}>{projectId ?? FRAME.allProjects}</span>
        <Icon name="chevron-down" size="small" />
      </Button>
      <Popover placement="bottom start" className={styles.popover ?? ''}>
        {isSearchable ? (
          <Autocomplete filter={contains}>
            <SearchField aria-label={FRAME.findProject} autoFocus className={styles.search ?? ''}>
              <Input placeholder={FRAME.findProject} className={styles.input ?? ''} />
            </SearchField>
            {menu}
          </Autocomplete>
        ) : (
          menu
        )}
      </Popover>
    </MenuTrigger>
  );
}
