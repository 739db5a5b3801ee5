import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { ClientDefinitionError } from '../clients/client-definition.ts';
import type { ClientAuthentication, ClientDefinition } from '../clients/client-definition.ts';
import type { PreRegisteredClients, RegisteredClient } from '../clients/pre-registered-clients.ts';
import { changedFields } from './change.ts';
import type { Change } from './change.ts';
import type { Declaration, DeclaredClient } from './declaration.ts';
import { readSecret } from './secret-reference.ts';
import type { SecretSource } from './secret-reference.ts';

/**
 * Makes the pre-registered clients what a declaration says. Clients that registered themselves are not its to change.
 * @throws StartError naming the declared client that cannot be.
 */
export async function declareClients(
  manager: EntityManager,
  service: PreRegisteredClients,
  declaration: Declaration,
  secrets: SecretSource,
): Promise<Change[]> {
  const declared = declaration.clients;
  if (!declared) return [];
  const changes: Change[] = [];
  for (const [index, client] of declared.entries()) {
    changes.push(...(await declareClient(manager, service, client, { place: `clients[${index}]`, secrets })));
  }
  if (!declaration.prune) return changes;
  const named = new Set(declared.map(({ client_id: id }) => id));
  for (const { oauthClientId } of await service.list(manager)) {
    if (named.has(oauthClientId)) continue;
    await service.delete(manager, oauthClientId);
    changes.push({ kind: 'delete', what: `client ${oauthClientId}`, fields: [] });
  }
  return changes;
}

async function declareClient(
  manager: EntityManager,
  service: PreRegisteredClients,
  client: DeclaredClient,
  { place, secrets }: { place: string; secrets: SecretSource },
): Promise<Change[]> {
  const id = client.client_id;
  const reference = client.client_secret;
  const secret = reference === undefined ? undefined : readSecret(reference, secrets, `${place}.client_secret`);
  try {
    const before = await service.find(manager, id);
    const isOtherSecret = secret !== undefined && !(await service.hasSecret(manager, id, secret));
    const { outcome } = await service.apply(manager, id, definitionOf(client, secret));
    if (outcome === 'unchanged') return [];
    const fields = changedFields(fieldsOf(before), fieldsOf(await service.find(manager, id)));
    if (isOtherSecret || fields.length === 0) fields.push({ field: 'client_secret' });
    return [{ kind: outcome === 'created' ? 'create' : 'update', what: `client ${id}`, fields }];
  } catch (error) {
    if (!(error instanceof ClientDefinitionError)) throw error;
    throw new StartError(`${place} cannot be registered: ${error.message}`, { cause: error });
  }
}

function definitionOf(client: DeclaredClient, secret: string | undefined): ClientDefinition {
  const optional = {
    clientUri: client.client_uri,
    policyUri: client.policy_uri,
    tosUri: client.tos_uri,
    logoUri: client.logo_uri,
  };
  return {
    clientName: client.client_name,
    redirectUris: client.redirect_uris,
    authentication: authenticationOf(client, secret),
    ...present(optional),
  };
}

function authenticationOf(client: DeclaredClient, secret: string | undefined): ClientAuthentication {
  const { token_endpoint_auth_method: method, jwks, jwks_uri: jwksUri } = client;
  if (method === 'none') return { method };
  if (method !== 'private_key_jwt') return { method, ...present({ secret }) };
  return { method, ...present({ jwks, jwksUri, algorithm: client.token_endpoint_auth_signing_alg }) };
}

/** Without what is undefined. */
function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function keysOf({ jwks, jwksUri, algorithm }: Extract<ClientAuthentication, { method: 'private_key_jwt' }>) {
  return { jwks, jwks_uri: jwksUri, token_endpoint_auth_signing_alg: algorithm };
}

/** A client's definition under the names that declarations use, without its secret. */
export function fieldsOf(client: RegisteredClient | undefined): Record<string, unknown> {
  if (!client) return {};
  const { clientName, redirectUris, authentication, clientUri, policyUri, tosUri, logoUri } = client.definition;
  return present({
    client_name: clientName,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: authentication.method,
    ...(authentication.method === 'private_key_jwt' ? keysOf(authentication) : {}),
    client_uri: clientUri,
    policy_uri: policyUri,
    tos_uri: tosUri,
    logo_uri: logoUri,
  });
}
