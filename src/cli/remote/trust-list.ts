import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { type Column, minute, table } from './table.ts';
import { matchText, readRules, type TrustRule } from './trust-rule.ts';

const COLUMNS: readonly Column<TrustRule>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'ISSUER', text: ({ issuer }) => issuer },
  { title: 'CLAIMS', text: ({ matches }) => matches.map(matchText).join(', ') },
  { title: 'PURPOSES', text: ({ purposes }) => purposes.join(', ') },
  { title: 'LAST USED', text: ({ lastUsedAt }) => minute(lastUsedAt) },
  { title: 'ID', text: ({ id }) => id },
];

export const trustList = remote({
  summary: 'Lists the trust rules of a project, oldest first.',
  async run({ service, answer }) {
    const rules = await readRules(service);
    answer(rules, (columns) => table(COLUMNS, rules, columns));
    return EXIT.done;
  },
});
