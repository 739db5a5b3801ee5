import { z } from 'zod';

/** What each of the listed tools takes: a few fields, as tools have. */
export const listedToolInput = z.object({
  query: z.string().min(1).max(200).describe('What is looked for.'),
  limit: z.number().int().min(1).max(100).default(20).describe('Most hits of the answer.'),
  archived: z.boolean().optional().describe('Whether what was put away counts too.'),
});

export const listedToolDescription = 'Looks for records that have all words of the query and gives the newest first.';

/** The name of the n-th listed tool; n begins with 1. */
export function listedToolName(n: number): string {
  return `find-records-${String(n).padStart(4, '0')}`;
}
