import { Link, Outlet, useParams, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { RouterProvider } from 'react-aria-components';
import { IconButton } from '../components/button.tsx';
import { ToastProvider } from '../components/toast.tsx';
import { FRAME } from '../texts/frame.ts';
import { AccountMenu } from './account-menu.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { ConnectionIndicator } from './connection-indicator.tsx';
import styles from './frame.module.css';
import { Navigation } from './navigation.tsx';
import { NavigationDrawer } from './navigation-drawer.tsx';
import { ProjectSwitcher } from './project-switcher.tsx';
import { RouteAnnouncer } from './route-announcer.tsx';

/** Around every view: the bar with project and person, the navigation, and what tells of the connection. */
export function Frame() {
  const router = useRouter();
  const { projectId } = useParams({ strict: false });
  const [isMenuOpen, setMenuOpen] = useState(false);

  return (
    <RouterProvider navigate={(path) => router.history.push(path)}>
      <a className={styles.skip} href="#content">
        {FRAME.skip}
      </a>
      <div className={styles.frame}>
        <header className={styles.bar}>
          {projectId === undefined ? null : (
            <div className={styles.menuButton}>
              <IconButton icon="menu" label={FRAME.openMenu} onPress={() => setMenuOpen(true)} />
            </div>
          )}
          <Link className={styles.product} to="/projects" aria-label={FRAME.product}>
            <span className={styles.mark} aria-hidden="true" />
            <span className={styles.name}>{FRAME.product}</span>
          </Link>
          <ProjectSwitcher projectId={projectId} />
          <div className={styles.end}>
            {projectId === undefined ? null : <ConnectionIndicator />}
            <AccountMenu />
          </div>
        </header>
        {projectId === undefined ? null : (
          <div className={styles.side}>
            <Navigation projectId={projectId} />
          </div>
        )}
        <main id="content" tabIndex={-1} className={projectId === undefined ? styles.wide : styles.content}>
          <ConnectionBanner />
          <ToastProvider>
            <Outlet />
          </ToastProvider>
        </main>
      </div>
      {projectId === undefined ? null : (
        <NavigationDrawer projectId={projectId} isOpen={isMenuOpen} onOpenChange={setMenuOpen} />
      )}
      <RouteAnnouncer />
    </RouterProvider>
  );
}
