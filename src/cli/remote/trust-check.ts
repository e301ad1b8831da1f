import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { UsageError } from '../command.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { visibleText } from './visible-text.ts';

const CHECK = `mutation ($projectId: ID!, $token: String!) {
  checkTrust(projectId: $projectId, token: $token) { granted reason rules { met reason rule { id name } } } }`;

const checkData = z.object({
  granted: z.boolean(),
  reason: z.string(),
  rules: z.array(
    z.object({ met: z.boolean(), reason: z.string(), rule: z.object({ id: z.string(), name: z.string() }) }),
  ),
});

export const trustCheck = remote({
  summary: 'Says rule by rule what an identity token on standard input would be granted.',
  notes: `No other process sees the token, and nothing keeps it: purser trust check < token
The exit code is 1 if it would be granted nothing.`,
  async run({ service, answer }) {
    if (process.stdin.isTTY) throw new UsageError('The token comes from standard input: purser trust check < token');
    const token = (await text(process.stdin)).trim();
    if (token === '') throw new UsageError('There is no token on standard input: purser trust check < token');
    const { checkTrust } = await service.ask(CHECK, { token }, z.object({ checkTrust: checkData }));
    answer(checkTrust, () => lines(checkTrust));
    return checkTrust.granted ? EXIT.done : EXIT.refused;
  },
});

function lines({ granted, reason, rules }: z.infer<typeof checkData>): string {
  const ofRules = rules.map(
    ({ met, reason: why, rule }) =>
      `  ${met ? 'met    ' : 'not met'}  ${visibleText(rule.name)}: ${visibleText(why)}\n`,
  );
  return `${granted ? 'granted' : 'not granted'}: ${visibleText(reason)}\n${ofRules.join('')}`;
}
