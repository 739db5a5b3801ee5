import { readFileSync } from 'node:fs';
import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { ClientDefinitionError } from '../clients/client-definition.ts';
import type { ClientAuthentication, ClientDefinition } from '../clients/client-definition.ts';
import type { PreRegisteredClients, RegisteredClient } from '../clients/pre-registered-clients.ts';
import { fieldsOf } from '../declaration/declare-clients.ts';
import { readSecret, secretReference } from '../declaration/secret-reference.ts';
import { UsageError } from './command.ts';
import type { Command, CommandContext, CommandInput, CommandOption, CommandOutput } from './command.ts';
import { openPreRegisteredClients } from './registered-clients.ts';
import { renderTable } from './table.ts';

const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
const mostOverlapSeconds = 30 * 24 * 60 * 60;

const secretOption: CommandOption = {
  value: '<reference>',
  description: 'where the secret is, `env:<NAME>` or `file:<path>`; one is made up and shown once when it is not given',
};

const definitionOptions: Record<string, CommandOption> = {
  name: { value: '<text>', description: 'the name that people are shown' },
  'redirect-uri': { value: '<uri>', isRepeatable: true, description: 'https, or http on loopback' },
  'auth-method': { value: '<method>', description: `how it proves itself: ${methods.join(', ')}` },
  secret: secretOption,
  jwks: { value: '<file>', description: 'its public keys, with private_key_jwt' },
  'jwks-uri': { value: '<uri>', description: 'https URL of its public keys, likewise' },
  'signing-alg': { value: '<algorithm>', description: 'hold it to one algorithm, likewise' },
  'client-uri': { value: '<uri>', description: 'https URL of its page' },
  'policy-uri': { value: '<uri>', description: 'https URL of its privacy policy' },
  'tos-uri': { value: '<uri>', description: 'https URL of its terms' },
  'logo-uri': { value: '<uri>', description: 'https URL of its logo' },
};

/** Clients that are registered beforehand, and a look at those that registered themselves. */
export const clientCommands: Command[] = [
  {
    name: 'clients list',
    summary: 'Show the clients that are registered beforehand',
    isList: true,
    options: { dynamic: { description: 'show those that registered themselves instead' } },
    run: async (context, input) => {
      const service = await openPreRegisteredClients(context);
      const kind = input.isOn('dynamic') ? 'dynamic' : 'pre-registered';
      const clients = await service.list(context.dataSource.manager, kind);
      const lines = renderTable(clients, {
        client: ({ oauthClientId }) => oauthClientId,
        name: ({ definition }) => definition.clientName,
        proof: ({ definition }) => definition.authentication.method,
        registered: ({ createdAt }) => createdAt,
        'last used': ({ lastUsedAt }) => lastUsedAt,
      });
      return { lines, records: clients.map(recordOf) };
    },
  },
  {
    name: 'clients show',
    summary: 'Show all that is known of a registered client',
    operands: ['<client id>'],
    isList: true,
    run: async (context, input) => {
      const service = await openPreRegisteredClients(context);
      const client = await service.find(context.dataSource.manager, input.operand(0));
      if (!client) throw new StartError(`There is no registered client ${input.operand(0)}.`);
      const record = recordOf(client);
      return { lines: Object.entries(record).map(([name, value]) => `${name}: ${shown(value)}`), records: [record] };
    },
  },
  {
    name: 'clients create',
    summary: 'Register a client beforehand',
    options: { id: { value: '<client id>', description: 'made up when it is not given' }, ...definitionOptions },
    run: (context, input) =>
      change(context, async (service, manager) => {
        const id = input.text('id');
        const definition = { ...required(input), ...changesOf(input, context, 'none') } as ClientDefinition;
        const created = await service.create(manager, definition, id);
        return [`The client ${created.oauthClientId} is registered.`, ...tell(created.secret)];
      }),
  },
  {
    name: 'clients update',
    summary: 'Change a pre-registered client; what is not named stays',
    operands: ['<client id>'],
    options: definitionOptions,
    run: (context, input) =>
      change(context, async (service, manager) => {
        const id = input.operand(0);
        const before = await service.find(manager, id);
        const changes = changesOf(input, context, before?.definition.authentication.method);
        const { outcome, secret } = await service.update(manager, id, changes);
        const said = outcome === 'unchanged' ? 'is as it was' : 'is changed';
        return [`The client ${id} ${said}.`, ...tell(secret)];
      }),
  },
  {
    name: 'clients rotate-secret',
    summary: 'Exchange the secret of a client; the present one stays good for a while',
    operands: ['<client id>'],
    options: {
      secret: secretOption,
      overlap: { value: '<seconds>', description: 'how long the present one stays good; a day unless said' },
    },
    run: (context, input) =>
      change(context, async (service, manager) => {
        const given = givenSecret(input, context);
        const overlapSeconds = input.wholeNumber('overlap', { min: 0, max: mostOverlapSeconds });
        const { secret } = await service.rotateSecret(manager, input.operand(0), {
          ...(given === undefined ? {} : { secret: given }),
          ...(overlapSeconds === undefined ? {} : { overlapSeconds }),
        });
        return [`The secret of ${input.operand(0)} is exchanged.`, ...tell(given === undefined ? secret : undefined)];
      }),
  },
  {
    name: 'clients delete',
    summary: 'Delete a client, however it was registered, and end its grants',
    operands: ['<client id>'],
    run: (context, input) =>
      change(context, async (service, manager) => {
        const id = input.operand(0);
        if (await service.delete(manager, id)) return [`The client ${id} is deleted with its grants.`];
        throw new StartError(`There is no registered client ${id}.`);
      }),
  },
];

/** Changes clients in one transaction. */
async function change(
  context: CommandContext,
  work: (service: PreRegisteredClients, manager: EntityManager) => Promise<string[]>,
): Promise<CommandOutput> {
  const service = await openPreRegisteredClients(context);
  try {
    return { lines: await context.dataSource.transaction((manager) => work(service, manager)) };
  } catch (error) {
    throw error instanceof ClientDefinitionError ? new StartError(error.message, { cause: error }) : error;
  }
}

function required(input: CommandInput): Pick<ClientDefinition, 'clientName' | 'redirectUris'> {
  const [clientName, redirectUris] = [input.text('name'), input.texts('redirect-uri')];
  if (clientName === undefined) throw new UsageError('--name is missing');
  if (redirectUris === undefined) throw new UsageError('--redirect-uri is missing');
  return { clientName, redirectUris };
}

/** What the options say; they are read before anything is changed. */
function changesOf(
  input: CommandInput,
  context: CommandContext,
  presentMethod: ClientAuthentication['method'] | undefined,
): Partial<ClientDefinition> {
  const texts = {
    clientName: input.text('name'),
    clientUri: input.text('client-uri'),
    policyUri: input.text('policy-uri'),
    tosUri: input.text('tos-uri'),
    logoUri: input.text('logo-uri'),
  };
  const redirectUris = input.texts('redirect-uri');
  const isAboutProof = ['auth-method', 'secret', 'jwks', 'jwks-uri', 'signing-alg'].some(
    (name) => input.text(name) !== undefined,
  );
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(isAboutProof || presentMethod === 'none'
      ? { authentication: authenticationOf(input, context, presentMethod) }
      : {}),
  };
}

function authenticationOf(
  input: CommandInput,
  context: CommandContext,
  presentMethod: ClientAuthentication['method'] | undefined,
): ClientAuthentication {
  const named = input.text('auth-method') ?? presentMethod ?? 'none';
  const method = methods.find((known) => known === named);
  if (method === undefined) throw new UsageError(`--auth-method must be one of ${methods.join(', ')}`);
  const secret = givenSecret(input, context);
  const [keys, jwksUri, algorithm] = [input.text('jwks'), input.text('jwks-uri'), input.text('signing-alg')];
  const isSecretMethod = method === 'client_secret_basic' || method === 'client_secret_post';
  if (secret !== undefined && !isSecretMethod) throw new UsageError(`--secret is of no use with ${method}`);
  if (isSecretMethod) return { method, ...(secret === undefined ? {} : { secret }) };
  if (method === 'none') return { method };
  return {
    method,
    ...(keys === undefined ? {} : { jwks: readKeys(keys) }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
}

function givenSecret(input: CommandInput, { environment }: CommandContext): string | undefined {
  const reference = input.text('secret');
  if (reference === undefined) return undefined;
  if (!secretReference.safeParse(reference).success) {
    throw new UsageError('--secret must be a reference, env:<NAME> or file:<path>, and never the secret itself');
  }
  return readSecret(reference, { environment, folder: '.' }, '--secret');
}

function readKeys(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new StartError(`--jwks names ${file}, which cannot be read as JSON.`, { cause });
  }
}

function tell(secret: string | undefined): string[] {
  return secret === undefined ? [] : [`Its secret, which is shown this once: ${secret}`];
}

function recordOf(client: RegisteredClient): Record<string, unknown> {
  const { oauthClientId, registration, createdAt, lastUsedAt } = client;
  return { client_id: oauthClientId, registration, ...fieldsOf(client), registered: createdAt, last_used: lastUsedAt };
}

function shown(value: unknown): string {
  if (value === null) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
