import { startService } from '../compose.ts';
import { linesTo, onceATurn, STANDARD_OUTPUT } from '../logger.ts';
import { CONFIGURED, type Command } from './command.ts';
import { welcome } from './welcome.ts';
import { withConfig } from './with-config.ts';

/** Longer than any request may take. Work that still runs then is cut off; the log has lost nothing. */
const STOP_WITHIN_MS = 20_000;

export const serve: Command = {
  summary: 'Runs the service until it gets SIGTERM or Ctrl-C, or its terminal is closed.',
  usage: '',
  help: CONFIGURED,
  options: {},
  run: (_options, env, { stdout }) =>
    withConfig(
      env,
      async (config, logger) => {
        const stopRequested = stopSignal();
        const service = await startService(config, logger);
        logger.info({ url: service.url, metricsUrl: service.metricsUrl }, 'listening');
        if (!config.production) stdout.write(await welcome(service));

        const signal = await stopRequested;
        logger.info({ signal }, 'stopping');
        const deadline = setTimeout(() => {
          logger.error({ seconds: STOP_WITHIN_MS / 1000 }, 'the service did not stop in time');
          process.exit(1);
        }, STOP_WITHIN_MS);
        deadline.unref();
        await service.close();
        logger.info('stopped');
        return 0;
      },
      onceATurn(linesTo(STANDARD_OUTPUT)),
    ),
};

/** A terminal's Ctrl-C arrives twice, directly and through npm: within this time both count as one. */
const SAME_WISH_MS = 1_000;

/** Listens from the beginning, so that no signal is lost during the start. A later second signal ends at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (signal: NodeJS.Signals) => {
      if (askedAt !== undefined && performance.now() - askedAt > SAME_WISH_MS) process.exit(130);
      askedAt ??= performance.now();
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
}
