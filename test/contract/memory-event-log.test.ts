import { createMemoryEventStore } from '../support/memory-event-log.ts';
import { describeEventLogContract } from './event-log.contract.ts';

describeEventLogContract('in memory', async () => ({ ...createMemoryEventStore(), close: async () => undefined }));
