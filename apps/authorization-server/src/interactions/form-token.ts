import { createHmac, timingSafeEqual } from 'node:crypto';

/** The form that a token is good for: one step of one interaction in one browser. */
interface FormBinding {
  /** Each step of a login is an interaction of its own. */
  interactionUid: string;
  browserId: string;
}

/**
 * The hidden token of a form. It needs no storage, so that any replica can check what another one rendered; it ends with
 * its interaction.
 * @param formKey shared by all replicas (`ServerSecrets.formKey`).
 */
export function formToken(formKey: Buffer, binding: FormBinding): string {
  return createHmac('sha256', formKey)
    .update(`form\n${binding.interactionUid}\n${binding.browserId}`)
    .digest('base64url');
}

/** Compares in constant time; anything but a string is no token. */
export function isFormToken(formKey: Buffer, binding: FormBinding, presented: unknown): boolean {
  if (typeof presented !== 'string') return false;
  const expected = Buffer.from(formToken(formKey, binding));
  const given = Buffer.from(presented);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
