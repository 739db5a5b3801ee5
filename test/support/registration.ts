const redirectUri = 'http://127.0.0.1:9/callback';

/** Registers a public client dynamically (RFC 7591) and returns its id. */
export async function registerClient(issuer: string): Promise<string> {
  const { registration_endpoint: endpoint } = await readMetadata(issuer);
  const response = await fetch(endpoint ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Newcomer',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
    }),
  });
  if (response.status !== 201) throw new Error(`registration answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { client_id: string }).client_id;
}

/** Whether the authorization server begins an interaction for a client, which it does for the ones it knows. */
export async function isKnownClient(issuer: string, oauthClientId: string, resource: string): Promise<boolean> {
  const { authorization_endpoint: endpoint } = await readMetadata(issuer);
  const query = new URLSearchParams({
    client_id: oauthClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    resource,
  });
  const response = await fetch(`${endpoint}?${query.toString()}`, { redirect: 'manual' });
  return response.status === 303 && (response.headers.get('location') ?? '').includes('/interaction/');
}

async function readMetadata(issuer: string): Promise<Record<string, string>> {
  const response = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
  return (await response.json()) as Record<string, string>;
}
