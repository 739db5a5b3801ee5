import { z } from 'zod';
import { storableText } from './storable-text.ts';

/** What the forms of approval and login send. */
export const interactionForm = z.object({
  decision: z.enum(['approve', 'deny', 'other-account', 'login', 'code', 'start-over']),
  email: storableText(254),
  password: storableText(1_024),
  code: storableText(64),
});

/** A form whose token was checked. */
export type InteractionForm = z.output<typeof interactionForm>;
