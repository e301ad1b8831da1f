import { Link } from '@tanstack/react-router';
import { Icon, type IconName } from '../components/icon.tsx';
import { type Permission, usePermissions } from '../session/permissions.ts';
import { FRAME, NAVIGATION } from '../texts/frame.ts';
import styles from './navigation.module.css';

interface Entry {
  readonly to:
    | '/projects/$projectId'
    | '/projects/$projectId/registries'
    | '/projects/$projectId/notices'
    | '/projects/$projectId/calendar'
    | '/projects/$projectId/webhooks'
    | '/projects/$projectId/audit'
    | '/projects/$projectId/trust';
  readonly icon: IconName;
  readonly name: string;
  readonly permission: Permission;
}

const ENTRIES: readonly Entry[] = [
  { to: '/projects/$projectId', icon: 'overview', name: NAVIGATION.overview, permission: 'registry:read' },
  { to: '/projects/$projectId/registries', icon: 'box', name: NAVIGATION.registries, permission: 'registry:read' },
  { to: '/projects/$projectId/notices', icon: 'bell', name: NAVIGATION.notices, permission: 'registry:read' },
  { to: '/projects/$projectId/calendar', icon: 'calendar', name: NAVIGATION.calendar, permission: 'registry:read' },
  { to: '/projects/$projectId/webhooks', icon: 'webhook', name: NAVIGATION.webhooks, permission: 'registry:read' },
  { to: '/projects/$projectId/audit', icon: 'list', name: NAVIGATION.audit, permission: 'audit:read' },
  { to: '/projects/$projectId/trust', icon: 'shield', name: NAVIGATION.trust, permission: 'trust:read' },
];

/** What the token does not grant is not offered. */
export function Navigation({ projectId, onNavigate }: { projectId: string; onNavigate?: () => void }) {
  const { can } = usePermissions(projectId);
  return (
    <nav aria-label={FRAME.navigation}>
      <ul className={styles.list}>
        {ENTRIES.filter(({ permission }) => can(permission)).map(({ to, icon, name }) => (
          <li key={to}>
            <Link
              to={to}
              params={{ projectId }}
              activeOptions={{ exact: to === '/projects/$projectId', includeSearch: false }}
              className={styles.entry}
              {...(onNavigate ? { onClick: onNavigate } : {})}
            >
              <Icon name={icon} />
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
