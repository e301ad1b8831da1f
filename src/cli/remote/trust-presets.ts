import * as z from 'zod';
import { CommandError } from '../command.ts';
import { remote } from './remote-command.ts';
import { EXIT, type Service } from './service.ts';
import { type Column, details, table } from './table.ts';
import { matchText, ruleData } from './trust-rule.ts';
import { visibleText } from './visible-text.ts';

const PRESETS = `{ trustRulePresets {
  name issuer jwksUri claims matches { claim equals startsWith } purposes pipelineClaim runIdClaim advice documentation } }`;

const presetData = z.object({
  ...ruleData.pick({ name: true, issuer: true, matches: true, purposes: true, pipelineClaim: true, runIdClaim: true })
    .shape,
  jwksUri: z.string().nullable(),
  claims: z.array(z.string()),
  advice: z.string(),
  documentation: z.string(),
});
type Preset = z.infer<typeof presetData>;

const COLUMNS: readonly Column<Preset>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'ISSUER', text: ({ issuer }) => issuer },
  { title: 'CLAIMS', text: ({ matches }) => matches.map(matchText).join(', ') },
];

export const trustPresets = remote({
  summary: 'Lists common CI systems with a trust rule to start from, or shows one.',
  options: { name: { type: 'string', value: '<system>', summary: 'all about this one, such as github' } },
  async run({ service, options, answer }) {
    if (options.name !== undefined) {
      const preset = await findPreset(service, options.name);
      answer(preset, () => presetDetails(preset));
    } else {
      const presets = await readPresets(service);
      answer(presets, (columns) => table(COLUMNS, presets, columns));
    }
    return EXIT.done;
  },
});

/** The first whose name begins so, in any case. @throws CommandError if there is none */
export async function findPreset(service: Service, named: unknown): Promise<Preset> {
  const presets = await readPresets(service);
  const found = presets.find(({ name }) => name.toLowerCase().startsWith(String(named).toLowerCase()));
  if (found) return found;
  const names = presets.map(({ name }) => name).join(', ');
  throw new CommandError(
    `NOT_FOUND: there is no preset ${visibleText(String(named))}. There are ${names}.`,
    EXIT.notFound,
  );
}

async function readPresets(service: Service): Promise<readonly Preset[]> {
  return (await service.ask(PRESETS, {}, z.object({ trustRulePresets: z.array(presetData) }))).trustRulePresets;
}

function presetDetails(preset: Preset): string {
  return details([
    ['Name', preset.name],
    ['Issuer', preset.issuer],
    ['Keys', preset.jwksUri],
    ...preset.matches.map((each) => ['Claim', matchText(each)] as const),
    ['Also compared', preset.claims.join(', ')],
    ['Purposes', preset.purposes.join(', ')],
    ['Pipeline', preset.pipelineClaim],
    ['Run', preset.runIdClaim],
    ['Advice', preset.advice],
    ['See', preset.documentation],
  ]);
}
