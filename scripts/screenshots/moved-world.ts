import { createRequire, syncBuiltinESMExports } from 'node:module';

// Loaded into the service before its own code (`node --import`). It moves the service's clock, so that a project can get a past
// through the API, and leads names of registries to addresses that the pretended network answers for.

/** What the script tells the service, in a message of its own each. */
export interface Moved {
  /** Between the clock of the service and the real one, in milliseconds. */
  readonly clockOffsetMs: number;
}

const realNow = Date.now;
let offsetMs = Number(process.env.SCREENSHOTS_CLOCK_OFFSET ?? 0);
Date.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (real, given, target) => Reflect.construct(real, given.length === 0 ? [Date.now()] : given, target),
});

process.on('message', (message: Moved) => {
  offsetMs = message.clockOffsetMs;
  process.send?.('moved');
});
// The script is gone, however that came about.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

const dns: typeof import('node:dns/promises') = createRequire(import.meta.url)('node:dns/promises');
const ADDRESS = { address: '10.77.0.1', family: 4 };
// The service asks for all addresses of a name, and in no other way.
Object.assign(dns, { lookup: async () => [ADDRESS] });
syncBuiltinESMExports();
