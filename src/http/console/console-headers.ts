/** Nothing of it is for other sites, and it needs none of a browser's devices. */
const CONSTANT_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
};

export interface ContentPolicy {
  /** Origins of the provider at which people sign in. */
  readonly connectTo: readonly string[];
  /** Hashes of styles that libraries put into the page. */
  readonly styles: readonly string[];
  /** Where browsers report what the policy refused. Undefined: nowhere. */
  readonly reportTo?: string | undefined;
}

/** The headers of every answer of the console. */
export function consoleHeaders({ connectTo, styles, reportTo }: ContentPolicy): Readonly<Record<string, string>> {
  return {
    ...CONSTANT_HEADERS,
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      ["style-src 'self'", ...styles.map((hash) => `'${hash}'`)].join(' '),
      "img-src 'self' data:",
      "font-src 'self'",
      ["connect-src 'self'", ...connectTo].join(' '),
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      // The worker that verifies audit logs: its address is the only one that this policy makes.
      'trusted-types purser-worker',
      // In place of `report-to`: all browsers know it, and the other would make some of them pass over it.
      ...(reportTo === undefined ? [] : [`report-uri ${reportTo}`]),
    ].join('; '),
  };
}
