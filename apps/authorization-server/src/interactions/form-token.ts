import { createHmac, timingSafeEqual } from 'node:crypto';

/** The form that a token is good for, in one browser. */
interface FormBinding {
  /** The uid of an interaction, of which each step of a login is one of its own, or a name with a colon for other pages. */
  formId: string;
  browserId: string;
}

/**
 * The hidden token of a form. It needs no storage, so that any replica can check what another one rendered; it ends with
 * its interaction.
 * @param formKey shared by all replicas (`ServerSecrets.formKey`).
 */
export function formToken(formKey: Buffer, binding: FormBinding): string {
  return createHmac('sha256', formKey).update(`form\n${binding.formId}\n${binding.browserId}`).digest('base64url');
}

/** Compares in constant time; anything but a string is no token. */
export function isFormToken(formKey: Buffer, binding: FormBinding, presented: unknown): boolean {
  if (typeof presented !== 'string') return false;
  const expected = Buffer.from(formToken(formKey, binding));
  const given = Buffer.from(presented);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
