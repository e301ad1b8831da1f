import * as z from 'zod';
import { isLoopbackHost } from '../domain/loopback.ts';
import { parseUrl } from '../domain/parse-url.ts';

/** As providers compare it: to the letter. Plain http only on this machine, to try it out. */
function isIssuerUrl(text: string): boolean {
  const url = parseUrl(text);
  if (url === undefined || /[?#@\s]|\/$/.test(text)) return false;
  const isCanonical = url.href === (url.pathname === '/' ? `${text}/` : text);
  return isCanonical && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)));
}

export const issuerUrl = z
  .string()
  .max(255, 'must be at most 255 characters')
  .refine(
    isIssuerUrl,
    'must be an https URL in lower case, without query or slash at its end, such as https://purser.example.com',
  )
  .optional();
