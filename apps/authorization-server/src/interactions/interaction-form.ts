import { z } from 'zod';

/** PostgreSQL keeps no NUL. */
function storableText(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((text) => !text.includes('\0'))
    .default('');
}

/** What the forms of approval and login send. */
export const interactionForm = z.object({
  decision: z.enum(['approve', 'deny', 'other-account', 'login']),
  email: storableText(254),
  password: storableText(1_024),
});

/** A form whose token was checked. */
export type InteractionForm = z.output<typeof interactionForm>;
