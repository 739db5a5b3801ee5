import type { PropsWithChildren } from 'hono/jsx';
import type { Texts } from '../../interactions/pages/texts.ts';

/** What every part of the account page needs. */
export interface AccountPart {
  texts: Texts;
  formToken: string;
  /** Path of the account page, which takes all its forms. */
  path: string;
}

/** A form of the account page. */
export function ActionForm({ part, class: name, children }: PropsWithChildren<{ part: AccountPart; class?: string }>) {
  return (
    <form method="post" action={part.path} class={name}>
      <input type="hidden" name="form_token" value={part.formToken} />
      {children}
    </form>
  );
}

/** A field for a password, with its label. */
export function PasswordField(field: {
  id: string;
  name: string;
  label: string;
  isNew?: boolean;
  describedBy?: string | undefined;
  isWrong?: boolean;
}) {
  return (
    <>
      <label for={field.id}>{field.label}</label>
      <input
        id={field.id}
        name={field.name}
        type="password"
        autocomplete={field.isNew ? 'new-password' : 'current-password'}
        maxlength={1024}
        required
        aria-invalid={field.isWrong ? 'true' : undefined}
        aria-describedby={field.describedBy}
      />
    </>
  );
}
