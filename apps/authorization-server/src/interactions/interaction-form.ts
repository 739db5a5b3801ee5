import { z } from 'zod';

/** What the forms of approval and login send. */
export const interactionForm = z.object({
  decision: z.enum(['approve', 'deny', 'other-account', 'login']),
  email: z.string().max(254).default(''),
  password: z.string().max(1_024).default(''),
});

/** A form whose token was checked. */
export type InteractionForm = z.output<typeof interactionForm>;
