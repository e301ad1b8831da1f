import * as z from 'zod';
import { YES } from './credential-options.ts';
import { confirm } from './prompt.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { findRule, RULE_ARGUMENT, ruleDetails } from './trust-rule.ts';
import { visibleText } from './visible-text.ts';

const DELETE = `mutation ($projectId: ID!, $id: ID!, $revision: Int) {
  deleteTrustRule(projectId: $projectId, id: $id, expectedRevision: $revision) { deletedId } }`;

export const trustDelete = remote({
  summary: 'Ends a trust rule: it lets nobody in from then on.',
  argument: RULE_ARGUMENT,
  options: YES,
  async run({ service, options, answer, say }) {
    const rule = await findRule(service, options.rule);
    if (options.yes !== true) say(ruleDetails(rule));
    await confirm(options.yes === true, `Delete the trust rule ${visibleText(rule.name)}?`);
    const { deleteTrustRule } = await service.ask(
      DELETE,
      { id: rule.id, revision: rule.revision },
      z.object({ deleteTrustRule: z.object({ deletedId: z.string() }) }),
    );
    answer(deleteTrustRule, () => `Deleted ${visibleText(rule.name)}.\n`);
    return EXIT.done;
  },
});
