import { z } from 'zod';
import { storableText } from '../interactions/storable-text.ts';

/** What the forms of the account page send. */
export const accountForm = z.object({
  decision: z.enum([
    // Signed out.
    'login',
    'code',
    'start-over',
    // Signed in.
    'sign-out',
    'sign-out-everywhere',
    'end-session',
    'disconnect',
    'change-password',
    'set-up',
    'turn-on',
    'turn-off',
    'renew-codes',
  ]),
  email: storableText(254),
  password: storableText(1_024),
  code: storableText(64),
  new_password: storableText(1_025),
  new_password_again: storableText(1_025),
  /** A ticked box. */
  disconnect_all: z.literal('yes').optional(),
  client_id: storableText(2_048),
  session: storableText(64),
  enrolment: storableText(512),
});

/** A form whose token was checked. */
export type AccountForm = z.output<typeof accountForm>;

/** The decisions that the page offers while nobody is signed in. */
export const signInDecisions: ReadonlySet<AccountForm['decision']> = new Set(['login', 'code', 'start-over']);
