import * as z from 'zod';
import { isLoopbackHost } from '../domain/loopback.ts';
import { parseUrl } from '../domain/parse-url.ts';

/** It stands in a header: a semicolon or a comma would begin another directive or policy there. Plain http only on this machine. */
function isReportUrl(text: string): boolean {
  const url = parseUrl(text);
  if (url === undefined || /[\s;,#@]/.test(text)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

export const reportUrl = z
  .string()
  .max(2000, 'must be at most 2000 characters')
  .refine(
    isReportUrl,
    'must be an https URL without user name, fragment, comma and semicolon, such as https://reports.example/csp',
  )
  .transform((text) => new URL(text).href)
  .optional();
