import type { SignInProblem } from '../accounts/login.ts';
import type { InteractionForm } from './interaction-form.ts';
import type { Interaction } from './open-interaction.ts';

/** Who sends a form, as far as a request shows it. */
export interface Visitor {
  /** Value of the browser cookie. */
  browserId: string;
  /** Address of the peer. */
  address: string;
}

/** A form whose token was checked, with the step of the login that it answers. */
export interface Submission {
  interaction: Interaction;
  form: InteractionForm;
  visitor: Visitor;
}

/** What a submitted form leads to. */
export type StepOutcome =
  /** The provider goes on at this URL. */
  | { kind: 'continue'; location: string }
  /** The same page again, for the next look at it. */
  | { kind: 'again' }
  | SignInProblem;
