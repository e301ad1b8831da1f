/** The code of each view, which is loaded when it is first needed. */
export const VIEWS = {
  projects: () => import('../views/projects/projects-view.tsx'),
  overview: () => import('../views/overview/overview-view.tsx'),
  registries: () => import('../views/registries/registries-view.tsx'),
  addRegistry: () => import('../views/add-registry/add-registry-view.tsx'),
  registry: () => import('../views/registry/registry-view.tsx'),
  rotate: () => import('../views/rotate/rotate-view.tsx'),
  notices: () => import('../views/notices/notices-view.tsx'),
  calendar: () => import('../views/calendar/calendar-view.tsx'),
  webhooks: () => import('../views/webhooks/webhooks-view.tsx'),
  audit: () => import('../views/audit/audit-view.tsx'),
  auditVerify: () => import('../views/audit-verify/audit-verify-view.tsx'),
  trust: () => import('../views/trust/trust-view.tsx'),
  addTrustRule: () => import('../views/add-trust-rule/add-trust-rule-view.tsx'),
  trustRule: () => import('../views/trust-rule/trust-rule-view.tsx'),
} as const;

/** By what follows the project in the address. The first that fits counts; what is not here loads a moment later. */
const ADDRESSES: readonly (readonly [RegExp, keyof typeof VIEWS])[] = [
  [/^$/, 'overview'],
  [/^registries$/, 'registries'],
  [/^registries\/new$/, 'addRegistry'],
  [/^registries\/[^/]+$/, 'registry'],
  [/^registries\/[^/]+\/rotate$/, 'rotate'],
  [/^notices$/, 'notices'],
  [/^calendar$/, 'calendar'],
  [/^webhooks$/, 'webhooks'],
  [/^audit$/, 'audit'],
  [/^trust$/, 'trust'],
];

/** Which view an address will most likely show. From that of signing in, people come to the overview of their project. */
export function viewAt(pathname: string): keyof typeof VIEWS | undefined {
  if (['/', '/sign-in', '/signed-in'].includes(pathname)) return 'overview';
  const rest = /^\/projects\/[^/]+\/?(.*?)\/?$/.exec(pathname)?.[1];
  return rest === undefined ? undefined : ADDRESSES.find(([address]) => address.test(rest))?.[1];
}

/** Loads the code of the first view while somebody signs in. Where that fails, the view tries again and says so. */
export function loadFirstView(pathname: string): void {
  const view = viewAt(pathname);
  if (view !== undefined) VIEWS[view]().catch(() => undefined);
}
