import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, redirect } from '@tanstack/react-router';
import type { Api } from '../api/client.ts';
import { type Permission, permissionsOf } from '../session/permissions.ts';
import type { Viewer } from '../session/viewer.ts';
import { addRegistrySearch } from '../views/add-registry/search.ts';
import { addTrustRuleSearch } from '../views/add-trust-rule/search.ts';
import { auditSearch } from '../views/audit/search.ts';
import { noticesSearch } from '../views/notices/search.ts';
import { readOverview } from '../views/overview/read-overview.ts';
import { registriesSearch } from '../views/registries/search.ts';
import { registrySearch } from '../views/registry/search.ts';
import { rotateSearch } from '../views/rotate/search.ts';
import { webhooksSearch } from '../views/webhooks/search.ts';
import { NotFound, ViewFailed } from './failures.tsx';
import { Frame } from './frame.tsx';
import { firstProject } from './last-project.ts';
import { lazyView } from './lazy-view.tsx';
import { ProjectFrame } from './project-frame.tsx';
import { parseSearch, stringifySearch } from './search-params.ts';
import { ViewLoading } from './view-loading.tsx';
import { VIEWS } from './views.ts';

export interface RouterContext {
  readonly viewer: Viewer;
  readonly api: Api;
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({ component: Frame });

/** To the last or the only project, else to all of them: before anything is shown, so that no view is shown in between. */
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: ({ context }) => {
    const projectId = firstProject(context.viewer);
    if (projectId === undefined) throw redirect({ to: '/projects', replace: true });
    throw redirect({ to: '/projects/$projectId', params: { projectId }, replace: true });
  },
});

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
  component: lazyView(VIEWS.projects, 'ProjectsView'),
});

const project = createRoute({ getParentRoute: () => root, path: '/projects/$projectId', component: ProjectFrame });

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  staticData: { permission: 'registry:read' },
  loader: ({ context, params: { projectId } }) => {
    if (permissionsOf(context.viewer, projectId).can('registry:read')) readOverview(context, projectId);
  },
  component: lazyView(VIEWS.overview, 'OverviewView'),
});
const registries = createRoute({
  getParentRoute: () => project,
  path: '/registries',
  staticData: { permission: 'registry:read' },
  validateSearch: registriesSearch,
  component: lazyView(VIEWS.registries, 'RegistriesView'),
});
const addRegistry = createRoute({
  getParentRoute: () => project,
  path: '/registries/new',
  staticData: { permission: 'registry:write' },
  validateSearch: addRegistrySearch,
  component: lazyView(VIEWS.addRegistry, 'AddRegistryView'),
});
const registry = createRoute({
  getParentRoute: () => project,
  path: '/registries/$registryId',
  staticData: { permission: 'registry:read' },
  validateSearch: registrySearch,
  component: lazyView(VIEWS.registry, 'RegistryView'),
});
const rotate = createRoute({
  getParentRoute: () => project,
  path: '/registries/$registryId/rotate',
  staticData: { permission: 'registry:write' },
  validateSearch: rotateSearch,
  component: lazyView(VIEWS.rotate, 'RotateView'),
});
const notices = createRoute({
  getParentRoute: () => project,
  path: '/notices',
  staticData: { permission: 'registry:read' },
  validateSearch: noticesSearch,
  component: lazyView(VIEWS.notices, 'NoticesView'),
});
const calendar = createRoute({
  getParentRoute: () => project,
  path: '/calendar',
  staticData: { permission: 'registry:read' },
  component: lazyView(VIEWS.calendar, 'CalendarView'),
});
const webhooks = createRoute({
  getParentRoute: () => project,
  path: '/webhooks',
  staticData: { permission: 'registry:read' },
  validateSearch: webhooksSearch,
  component: lazyView(VIEWS.webhooks, 'WebhooksView'),
});
const audit = createRoute({
  getParentRoute: () => project,
  path: '/audit',
  staticData: { permission: 'audit:read' },
  validateSearch: auditSearch,
  component: lazyView(VIEWS.audit, 'AuditView'),
});
const auditVerify = createRoute({
  getParentRoute: () => project,
  path: '/audit/verify',
  staticData: { permission: 'audit:read' },
  component: lazyView(VIEWS.auditVerify, 'AuditVerifyView'),
});
const trust = createRoute({
  getParentRoute: () => project,
  path: '/trust',
  staticData: { permission: 'trust:read' },
  component: lazyView(VIEWS.trust, 'TrustView'),
});
const addTrustRule = createRoute({
  getParentRoute: () => project,
  path: '/trust/new',
  staticData: { permission: 'trust:write' },
  validateSearch: addTrustRuleSearch,
  component: lazyView(VIEWS.addTrustRule, 'AddTrustRuleView'),
});
const trustRule = createRoute({
  getParentRoute: () => project,
  path: '/trust/$ruleId',
  staticData: { permission: 'trust:read' },
  component: lazyView(VIEWS.trustRule, 'TrustRuleView'),
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

export function createConsoleRouter(context: RouterContext) {
  return createRouter({
    routeTree,
    context,
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
