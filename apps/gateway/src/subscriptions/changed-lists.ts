import { isDeepStrictEqual } from 'node:util';
import type { CatalogLists } from '../catalog/resolution.ts';
import type { AnnouncedList } from './topic.ts';

const partsOf: Record<AnnouncedList, readonly (keyof CatalogLists)[]> = {
  tools: ['tools'],
  prompts: ['prompts'],
  resources: ['resources', 'resourceTemplates'],
};

/** Which lists of an endpoint say something else than before. An endpoint that is not there lists nothing. */
export function changedLists(before: CatalogLists | undefined, after: CatalogLists | undefined): AnnouncedList[] {
  return (['tools', 'prompts', 'resources'] as const).filter((list) =>
    partsOf[list].some((part) => !isDeepStrictEqual(before?.[part] ?? [], after?.[part] ?? [])),
  );
}
