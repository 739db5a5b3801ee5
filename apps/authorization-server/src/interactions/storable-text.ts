import { z } from 'zod';

/** A field of a form; PostgreSQL keeps no NUL. */
export function storableText(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((text) => !text.includes('\0'))
    .default('');
}
