import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import type { Permission } from '../session/permissions.ts';
import { addRegistrySearch } from '../views/add-registry/search.ts';
import { addTrustRuleSearch } from '../views/add-trust-rule/search.ts';
import { auditSearch } from '../views/audit/search.ts';
import { noticesSearch } from '../views/notices/search.ts';
import { registriesSearch } from '../views/registries/search.ts';
import { registrySearch } from '../views/registry/search.ts';
import { rotateSearch } from '../views/rotate/search.ts';
import { webhooksSearch } from '../views/webhooks/search.ts';
import { NotFound, ViewFailed } from './failures.tsx';
import { Frame } from './frame.tsx';
import { Home } from './home.tsx';
import { lazyView } from './lazy-view.tsx';
import { ProjectFrame } from './project-frame.tsx';
import { parseSearch, stringifySearch } from './search-params.ts';
import { ViewLoading } from './view-loading.tsx';

const root = createRootRoute({ component: Frame });

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

/** Where signing in begins and ends. Who comes here has done so. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  beforeLoad: () => {
    throw redirect({ to: '/', replace: true });
  },
});
const signedIn = createRoute({
  getParentRoute: () => root,
  path: '/signed-in',
  beforeLoad: () => {
    throw redirect({ to: '/', replace: true });
  },
});

const projects = createRoute({
  getParentRoute: () => root,
  path: '/projects',
  component: lazyView(() => import('../views/projects/projects-view.tsx'), 'ProjectsView'),
});

const project = createRoute({ getParentRoute: () => root, path: '/projects/$projectId', component: ProjectFrame });

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  staticData: { permission: 'registry:read' },
  component: lazyView(() => import('../views/overview/overview-view.tsx'), 'OverviewView'),
});
const registries = createRoute({
  getParentRoute: () => project,
  path: '/registries',
  staticData: { permission: 'registry:read' },
  validateSearch: registriesSearch,
  component: lazyView(() => import('../views/registries/registries-view.tsx'), 'RegistriesView'),
});
const addRegistry = createRoute({
  getParentRoute: () => project,
  path: '/registries/new',
  staticData: { permission: 'registry:write' },
  validateSearch: addRegistrySearch,
  component: lazyView(() => import('../views/add-registry/add-registry-view.tsx'), 'AddRegistryView'),
});
const registry = createRoute({
  getParentRoute: () => project,
  path: '/registries/$registryId',
  staticData: { permission: 'registry:read' },
  validateSearch: registrySearch,
  component: lazyView(() => import('../views/registry/registry-view.tsx'), 'RegistryView'),
});
const rotate = createRoute({
  getParentRoute: () => project,
  path: '/registries/$registryId/rotate',
  staticData: { permission: 'registry:write' },
  validateSearch: rotateSearch,
  component: lazyView(() => import('../views/rotate/rotate-view.tsx'), 'RotateView'),
});
const notices = createRoute({
  getParentRoute: () => project,
  path: '/notices',
  staticData: { permission: 'registry:read' },
  validateSearch: noticesSearch,
  component: lazyView(() => import('../views/notices/notices-view.tsx'), 'NoticesView'),
});
const calendar = createRoute({
  getParentRoute: () => project,
  path: '/calendar',
  staticData: { permission: 'registry:read' },
  component: lazyView(() => import('../views/calendar/calendar-view.tsx'), 'CalendarView'),
});
const webhooks = createRoute({
  getParentRoute: () => project,
  path: '/webhooks',
  staticData: { permission: 'registry:read' },
  validateSearch: webhooksSearch,
  component: lazyView(() => import('../views/webhooks/webhooks-view.tsx'), 'WebhooksView'),
});
const audit = createRoute({
  getParentRoute: () => project,
  path: '/audit',
  staticData: { permission: 'audit:read' },
  validateSearch: auditSearch,
  component: lazyView(() => import('../views/audit/audit-view.tsx'), 'AuditView'),
});
const auditVerify = createRoute({
  getParentRoute: () => project,
  path: '/audit/verify',
  staticData: { permission: 'audit:read' },
  component: lazyView(() => import('../views/audit-verify/audit-verify-view.tsx'), 'AuditVerifyView'),
});
const trust = createRoute({
  getParentRoute: () => project,
  path: '/trust',
  staticData: { permission: 'trust:read' },
  component: lazyView(() => import('../views/trust/trust-view.tsx'), 'TrustView'),
});
const addTrustRule = createRoute({
  getParentRoute: () => project,
  path: '/trust/new',
  staticData: { permission: 'trust:write' },
  validateSearch: addTrustRuleSearch,
  component: lazyView(() => import('../views/add-trust-rule/add-trust-rule-view.tsx'), 'AddTrustRuleView'),
});
const trustRule = createRoute({
  getParentRoute: () => project,
  path: '/trust/$ruleId',
  staticData: { permission: 'trust:read' },
  component: lazyView(() => import('../views/trust-rule/trust-rule-view.tsx'), 'TrustRuleView'),
});

const routeTree = root.addChildren([
  home,
  signIn,
  signedIn,
  projects,
  project.addChildren([
    overview,
    registries,
    addRegistry,
    registry,
    rotate,
    notices,
    calendar,
    webhooks,
    audit,
    auditVerify,
    trust,
    addTrustRule,
    trustRule,
  ]),
]);

export function createConsoleRouter() {
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: ViewFailed,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: ViewLoading,
    defaultPendingMs: 150,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
  interface StaticDataRouteOption {
    /** Without it the view is not shown, and the person is told what is missing. */
    readonly permission?: Permission;
  }
}
