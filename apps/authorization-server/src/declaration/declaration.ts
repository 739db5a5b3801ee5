import { emailAddress } from '@gatehouse/runtime';
import { z } from 'zod';
import { emailKey } from '../accounts/email-key.ts';
import { administratorRole } from '../accounts/first-administrator.ts';
import { secretReference } from './secret-reference.ts';

const secretMethods = ['client_secret_basic', 'client_secret_post'] as const;

/** The names of RFC 7591 §2; what a value must be is checked where clients are registered. */
const declaredClient = z
  .strictObject({
    client_id: z.string().min(1, 'must not be empty'),
    client_name: z.string(),
    redirect_uris: z.array(z.string()),
    token_endpoint_auth_method: z.enum(['none', ...secretMethods, 'private_key_jwt']).default('none'),
    client_secret: secretReference.optional(),
    jwks: z.looseObject({}).optional(),
    jwks_uri: z.string().optional(),
    token_endpoint_auth_signing_alg: z.string().optional(),
    client_uri: z.string().optional(),
    policy_uri: z.string().optional(),
    tos_uri: z.string().optional(),
    logo_uri: z.string().optional(),
  })
  .superRefine((client, context) => {
    const method = client.token_endpoint_auth_method;
    const needsSecret = secretMethods.some((name) => name === method);
    if (needsSecret === (client.client_secret !== undefined)) return;
    // One that is made up would have to be shown.
    const message = needsSecret ? `is required with ${method}` : `is of no use with ${method}`;
    context.addIssue({ code: 'custom', message, path: ['client_secret'] });
  });

const declaredAccount = z.strictObject({
  email: emailAddress(''),
  roles: z.array(z.enum([administratorRole])).default([]),
  is_disabled: z.boolean().default(false),
  /** Of a new account only: afterwards the password is its owner's. */
  initial_password: secretReference.optional(),
});

/** What should be there. A section that is absent is left alone, whatever `prune` says. */
export const declarationSchema = z.strictObject({
  version: z.literal(1, { error: 'must be 1, the version of this format' }),
  prune: z.boolean().default(false),
  clients: z
    .array(declaredClient)
    .superRefine((clients, context) => refuseTwice(clients, 'client_id', ({ client_id: id }) => id, context))
    .optional(),
  accounts: z
    .array(declaredAccount)
    .superRefine((accounts, context) => refuseTwice(accounts, 'email', ({ email }) => emailKey(email), context))
    .optional(),
});

/** A declaration that was read and is valid in itself. */
export type Declaration = z.output<typeof declarationSchema>;

export type DeclaredClient = z.output<typeof declaredClient>;

export type DeclaredAccount = z.output<typeof declaredAccount>;

function refuseTwice<T>(
  items: T[],
  field: string,
  keyOf: (item: T) => string,
  context: { addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[] }): void },
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (seen.has(key)) context.addIssue({ code: 'custom', message: 'is declared before', path: [index, field] });
    seen.add(key);
  }
}
