import { isIP } from 'node:net';
import * as z from 'zod';
import { parseUrl } from '../domain/parse-url.ts';

/** Separated by commas, in lower case. */
export const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim().toLowerCase())
      .filter((item) => item !== ''),
  );

const HOST = /^(?:\[[\da-f:.]+\]|[^\s:/@?#[\]*]+)(?::\d{1,5})?$/;
export const hosts = list
  .refine(
    (items) => items.every((item) => HOST.test(item)),
    'must be hosts, or hosts with their port, without scheme and path, such as reg.internal,reg.internal:5000',
  )
  .transform((items) => new Set(items));

export const origins = list.refine(
  (items) => items.every((item) => parseUrl(item)?.origin === item),
  'must be origins as browsers send them, with scheme and without path, such as https://ci.example.com',
);

const MAX_HOPS = 10;
const PROXIES = `must be the addresses or networks of the proxies, such as 10.0.0.5,10.1.0.0/16, or how many proxies there are, from 1 to ${MAX_HOPS}`;

export const trustedProxies = list.transform((items, context): readonly string[] | number => {
  const [only = ''] = items;
  const hops = items.length === 1 && /^\d{1,2}$/.test(only) ? Number(only) : undefined;
  const fits = hops === undefined ? items.every(isNetwork) : hops >= 1 && hops <= MAX_HOPS;
  if (!fits) context.addIssue({ code: 'custom', message: PROXIES });
  return hops ?? items;
});

/** An address, or a network with its prefix length. `0.0.0.0/0` is rejected: it would trust every client. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
