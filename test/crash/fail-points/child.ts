import { startService } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/logger.ts';
import type { Report } from './ports.ts';

/** The service in a process of its own. The bundle that it runs from has fail points around its ports. */
const service = await startService(readConfig(process.env), createLogger('debug'));
process.send?.({ url: service.url } satisfies Report);
// The test is over, however it ended.
process.on('disconnect', () => process.exit(0));
