import type { Lease } from '../domain/lease.ts';
import type { LeaseView } from './ports/read-models.ts';

export function leaseView({ url: _url, ...lease }: Lease): LeaseView {
  return lease;
}
