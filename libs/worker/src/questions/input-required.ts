/**
 * Ends a run of a handler: the client is asked first, and its retry runs the handler again. Let it pass; a broad `catch`
 * begins with `if (error instanceof InputRequired) throw error`.
 */
export class InputRequired extends Error {
  override readonly name = 'InputRequired';

  constructor() {
    super('The client is asked first; its retry runs this handler again from the top.');
  }
}
