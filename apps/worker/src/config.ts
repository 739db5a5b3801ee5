import { z } from 'zod';

/** The settings of the built-in servers, beside those of every worker. */
export const settings = {
  FILES_ROOT: z
    .string()
    .default('.gatehouse/workspace')
    .describe(
      'Directory that the files server serves; a missing one is made, but `npm start` makes only its own default',
    ),
};
