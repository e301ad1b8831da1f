import { expect, it } from 'vitest';
import { createProjectTurns } from '../../../src/adapters/postgres/project-turns.ts';
import { createGate } from '../../support/gate.ts';

it('runs two tasks of a project at a time, in their order, and those of other projects beside them', async () => {
  const turns = createProjectTurns({ atOnce: 2, maxWaiting: 10, patienceMs: 5_000 });
  const gates = Array.from({ length: 5 }, createGate);
  const begun: number[] = [];
  const tasks = gates.map((gate, index) =>
    turns.run('a', async () => {
      begun.push(index);
      await gate.pass();
    }),
  );
  await turns.run('b', async () => undefined);
  expect(begun).toEqual([0, 1]);
  gates[1]?.open();
  await tasks[1];
  await gates[2]?.arrived;
  expect(begun).toEqual([0, 1, 2]);
  for (const gate of gates) gate.open();
  await Promise.all(tasks);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

it('passes the place on after a task that failed', async () => {
  const turns = createProjectTurns({ atOnce: 1, maxWaiting: 1, patienceMs: 5_000 });
  const gate = createGate();
  const failing = turns.run('a', async () => {
    await gate.pass();
    throw new Error('failed');
  });
  const next = turns.run('a', async () => 'done');
  gate.open();
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('done');
  expect(await turns.run('a', async () => 'again')).toBe('again');
});

it('refuses those for whom there is no room, and those who waited too long', async () => {
  const turns = createProjectTurns({ atOnce: 1, maxWaiting: 1, patienceMs: 20 });
  const gate = createGate();
  const running = turns.run('a', gate.pass);
  const impatient = turns.run('a', async () => 'never');
  const refused = { code: 'RATE_LIMITED', details: { retryAfter: 1 } };
  await expect(turns.run('a', async () => 'never')).rejects.toMatchObject(refused);
  await expect(impatient).rejects.toMatchObject(refused);
  gate.open();
  await running;
  expect(await turns.run('a', async () => 'done')).toBe('done');
});
