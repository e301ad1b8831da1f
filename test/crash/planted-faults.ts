import type { Fault } from '../support/mutant.ts';

const isPlanted = (name: string) => `(process.env.PLANTED_FAULT === '${name}')`;

/** What `broken-builds.test.ts` breaks. One build has them all: a variable of the service says which it shows. */
const FAULTS = {
  // Of the read models: a durable commit makes all earlier ones durable too.
  'commits without waiting': (name: string): Fault => ({
    file: 'adapters/postgres/read-models/checkpoint.ts',
    find: "durable ? 'on' : 'off'",
    replace: `durable && !${isPlanted(name)} ? 'on' : 'off'`,
  }),
  'forgets keys': (name: string): Fault => ({
    file: 'application/registry/registry-command-handler.ts',
    find: 'if (event.metadata.idempotencyId === idempotent.id) found',
    replace: `if (event.metadata.idempotencyId === idempotent.id && !${isPlanted(name)}) found`,
  }),
  'ends at once': (name: string): Fault => ({
    file: 'cli/serve.ts',
    find: 'await service.close();',
    replace: `if (${isPlanted(name)}) process.exit(0);
      await service.close();`,
  }),
  'keeps broken connections': (name: string): Fault => ({
    file: 'adapters/postgres/connection.ts',
    find: 'current = undefined;',
    replace: `if (!${isPlanted(name)}) current = undefined;`,
    times: 2,
  }),
};
export type PlantedFault = keyof typeof FAULTS;

export const PLANTED_FAULTS: readonly Fault[] = Object.entries(FAULTS).map(([name, fault]) => fault(name));
