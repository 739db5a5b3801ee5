/** The form in which e-mail addresses are compared: one Unicode form, no case, no white space around. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}
