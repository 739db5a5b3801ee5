import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { findFreePort, makeTemporaryFolder, startEmbeddedPostgres } from '@gatehouse/start';
import { startAppProcess } from '../../support/app-process.ts';
import type { SignIn } from '../../support/browser.ts';
import { signInByForms } from '../../support/sign-in-by-forms.ts';
import { runAuthorizationSuite } from './suite.ts';
import type { SuiteResults } from './suite.ts';

const signIn: SignIn = { email: 'admin@example.com', password: randomBytes(24).toString('base64url') };

/**
 * Runs the suite's scenarios for authorization servers against one of its own, on a database of its own. The person whom the
 * suite asks to open a page is played by the pages' forms.
 */
export async function judgeAuthorizationServer(): Promise<SuiteResults> {
  await using started = new AsyncDisposableStack();
  const folder = makeTemporaryFolder('gatehouse-conformance-database-');
  started.defer(() => folder.remove());
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder.path, 'postgres'), durable: false });
  started.defer(() => postgres.stop());
  const port = await findFreePort();
  const issuer = `http://localhost:${port}`;
  const server = await startAppProcess('dist/apps/authorization-server/main.js', 'AUTH_ADMIN_PORT', {
    DATABASE_URL: postgres.url,
    AUTH_PORT: String(port),
    AUTH_ISSUER: issuer,
    GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    GATEHOUSE_ADMIN_EMAIL: signIn.email,
    GATEHOUSE_ADMIN_PASSWORD: signIn.password,
    // Nobody there: the scenarios are about the authorization server alone.
    NATS_URL: 'nats://127.0.0.1:1',
  });
  started.defer(() => server.stop());
  const callbackPort = await findFreePort();
  const callback = `http://127.0.0.1:${callbackPort}/callback`;
  return await runAuthorizationSuite({
    issuer,
    oauthClientId: await register(issuer, callback),
    callbackPort,
    authorize: async (url) => {
      const parameters = await signInByForms(url, signIn);
      await fetch(`${callback}?${parameters.toString()}`);
    },
  });
}

async function register(issuer: string, callback: string): Promise<string> {
  const response = await fetch(`${issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Conformance', redirect_uris: [callback] }),
  });
  const { client_id: oauthClientId } = (await response.json()) as { client_id?: string };
  if (oauthClientId === undefined) throw new Error(`registration answered ${response.status}`);
  return oauthClientId;
}
