import type { SectionName } from '../options.ts';
import { measureCalls } from './call.ts';
import { measureConnections } from './connections.ts';
import { measureLists } from './list.ts';
import { measureListening } from './listen.ts';
import { measureIdleMemory } from './memory.ts';
import { measureAtFixedRate } from './rate.ts';
import type { Section } from './section.ts';

/** All sections by name. */
export const sections: Record<SectionName, Section> = {
  call: measureCalls,
  connections: measureConnections,
  rate: measureAtFixedRate,
  list: measureLists,
  memory: measureIdleMemory,
  listen: measureListening,
};
