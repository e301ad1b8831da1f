import { pino } from 'pino';
import { type Service, startService } from '../src/compose.ts';
import { readConfig } from '../src/config/config.ts';

/** The service in a process that reports its heap size on request. Start it with `--expose-gc`. */

export type ServiceOrder =
  | { readonly kind: 'start'; readonly environment: Readonly<Record<string, string>> }
  | { readonly kind: 'heap' }
  | { readonly kind: 'stop' };

let service: Service | undefined;

async function run(order: ServiceOrder): Promise<string | number> {
  switch (order.kind) {
    case 'start':
      service = await startService(readConfig(order.environment), pino({ level: 'silent' }));
      return service.url;
    case 'heap':
      return heapBytes();
    case 'stop':
      await service?.close();
      return 0;
  }
}

/** The heap in use. Collects twice, because the first collection may leave objects with finalisers. */
function heapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

process.on('message', (order: ServiceOrder) => {
  run(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
