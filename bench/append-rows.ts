import { benchAppend } from './event-append.ts';
import { perSecond, ratio } from './figures.ts';
import { type Row, reference } from './table.ts';

export async function appendRows(connectionString: string): Promise<Row[]> {
  const { rawPerSecond, appendPerSecond32, appendPerSecond128 } = await benchAppend(connectionString, {
    slices: 4,
    sliceMs: 1_000,
  });
  const [by32, by128] = [appendPerSecond32 / rawPerSecond, appendPerSecond128 / rawPerSecond];
  return [
    reference('raw insert, beside the appends', perSecond(rawPerSecond)),
    {
      what: 'append in process, group commit, 32 callers ÷ raw insert',
      measured: `${ratio(by32)} (${perSecond(appendPerSecond32)})`,
      goal: '≥ 1.6',
      met: by32 >= 1.6,
    },
    reference('… 128 callers', `${ratio(by128)} (${perSecond(appendPerSecond128)})`),
  ];
}
