/**
 * A failure to start that the operator can mend. `message` is one sentence that says what is wrong and what to do;
 * it is printed without a stack.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
