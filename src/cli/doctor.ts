import { examine, examineConfiguration } from '../composition/doctor.ts';
import { type CheckResult, exitCodeOf, failed, reportLine, worstOf } from '../domain/doctor-report.ts';
import { OperatorError } from '../domain/errors.ts';
import { linesTo } from '../logger.ts';
import { CONFIGURED, type Command, type Environment } from './command.ts';
import { folderOption } from './folder-option.ts';
import { openToRead } from './open-to-read.ts';
import { createProgressLine } from './progress.ts';
import { withConfig } from './with-config.ts';

const STANDARD_ERROR = 2;

/** The exit code is 0 if all is well, 3 with a warning, and 1 if something failed. */
export const doctor: Command = {
  summary: 'Examines log, vault, read models, audit chains and keys, whether the service runs or not.',
  usage: '[--anchor <file or URL>]… [--archive <folder>] [--repair] [--json]',
  help: `
  --anchor  heads that were put outside the database; default: AUDIT_ANCHOR_FILE and, if it answers reads, AUDIT_ANCHOR_URL
  --archive  the folder with the events that \`purser archive --events\` archived: they are examined too
  --repair  discards orphaned secrets, destroys what the events have ended, and shows registries whose secret does not open as
            NEEDS_CREDENTIAL. Without it, nothing is written but temporary tables
  --json    prints one JSON object

Each check gives one line: ok, warning or failed, and then what to do. The exit code says the worst: 0, 3 or 1.
${CONFIGURED}`,
  options: {
    anchor: { type: 'string', multiple: true },
    archive: { type: 'string' },
    repair: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  async run({ anchor, archive, repair, json }, env, output) {
    const results: CheckResult[] = [];
    const progress = createProgressLine(output);
    const report = (result: CheckResult) => {
      progress.end();
      results.push(result);
      if (json !== true) output.stdout.write(`${reportLine(result)}\n`);
    };
    const options = {
      repair: repair === true,
      anchors: [anchor ?? []].flat().map(String),
      archives: folderOption(archive),
      onProgress: progress.show,
    };
    try {
      await examineAll(env, options, report);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const check = results.length === 0 ? 'configuration' : 'database';
      report({ check, ...failed(withoutEnd(error.message), 'Correct that, then run this again.') });
    } finally {
      progress.end();
    }
    const status = worstOf(results);
    if (json === true) output.stdout.write(`${JSON.stringify({ status, checks: results })}\n`);
    return exitCodeOf(status);
  },
};

async function examineAll(
  env: Environment,
  options: Omit<Parameters<typeof examine>[0], 'config' | 'logger'>,
  report: (result: CheckResult) => void,
): Promise<void> {
  await withConfig(
    env,
    async (config, logger) => {
      report({ check: 'configuration', ...examineConfiguration(config) });
      const database = await openToRead(config, logger);
      try {
        for await (const result of examine({ ...options, config, logger }, database)) report(result);
        return 0;
      } finally {
        await database.close();
      }
    },
    // Standard output is for the report alone.
    linesTo(STANDARD_ERROR),
  );
}

/** The line adds the full stop. */
function withoutEnd(sentence: string): string {
  return sentence.replace(/[.]$/, '');
}
