import { z } from 'zod';

const marker = 'GATEHOUSE_FIRST_ADMIN ';
/** The answer to the line: the sign-in is on the screen, and the account may be kept. */
export const firstAdministratorShown = 'GATEHOUSE_FIRST_ADMIN_SHOWN';
const signInSchema = z.object({ email: z.string(), password: z.string() });

/** The sign-in of the first administrator, whose password was made up. */
export type FirstAdministrator = z.output<typeof signInSchema>;

/** Reads the line that the authorization server writes once, when it made the first administrator. */
export function parseFirstAdministrator(line: string): FirstAdministrator | undefined {
  if (!line.startsWith(marker)) return undefined;
  return signInSchema.parse(JSON.parse(line.slice(marker.length)));
}
