import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { BusMonitor, CallClient, connectNats, inboxPrefix, rolePermissions, subjectToken } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { connect } from '@nats-io/transport-node';
import fc from 'fast-check';
import { Deployment } from '../../chaos/src/deployment.ts';
import { Wire } from './exchange.ts';
import { encodeRequest } from './encode-request.ts';
import type { PlainRequest } from './encode-request.ts';
import { anyText } from './json-text.ts';

/** What the names came to on the bus. */
export interface InjectionReport {
  names: number;
  /** Messages that the spy saw. */
  messages: number;
  findings: string[];
}

const connections = 16;
const anything = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };
const spy = { user: 'spy', password: randomBytes(24).toString('base64url'), permissions: anything };
const kinds = ['tool', 'server', 'tenant', 'uri', 'instance'] as const;
type Kind = (typeof kinds)[number];

/** Pieces of which names are made that would mean something in a subject. */
const hostilePiece = fc.oneof(
  fc.constantFrom(
    '*',
    '>',
    '.',
    '..',
    ' ',
    '\t',
    '\r\n',
    '$JS.API.STREAM.PURGE.',
    '$SRV.PING',
    '_INBOX.',
    'gh.call.',
    '\0',
  ),
  fc.constantFrom('default', 'ledger', 'victim', 'UPPER', 'x'.repeat(80), '\u{1f600}', '\ud800', '_', '-'),
  anyText,
);
const hostileName = fc.array(hostilePiece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));

/** Names of every kind meet a gateway and the bus, with a spy on every subject. */
export async function injectNames({ seed, names }: { seed: number; names: number }): Promise<InjectionReport> {
  const findings: string[] = [];
  const deployment = await Deployment.start({ gateways: 1, workers: 1, identities: [spy] });
  const { url: servers } = deployment.nats;
  const ear = await connect({ servers, user: spy.user, pass: spy.password });
  const seen = new Set<string>();
  let messages = 0;
  ear.subscribe('>', {
    callback: (_, message) => {
      messages++;
      seen.add(message.subject);
    },
  });
  try {
    await ear.flush();
    const generated = fc.sample(hostileName, { numRuns: names, seed });
    const ofKind = (kind: Kind) => generated.filter((_, index) => kinds[index % kinds.length] === kind);
    await askGateway(deployment, [
      ...ofKind('tool').map((name) => ({ method: 'tools/call', name, params: { name, arguments: { key: name } } })),
      ...ofKind('server').map((name) => ({ method: 'tools/list', params: {}, server: name })),
      ...ofKind('uri').map((name) => read(`ledger://${name}`)),
      ...(await Promise.all(ofKind('tenant').map((tenant) => listAs(deployment, tenant)))),
    ]);
    await delay(200);
    // Whatever was asked for, there is one server of one tenant.
    findings.push(...foreign(seen, new Set(['default']), new Set(['ledger'])));
    seen.clear();
    const addressed = [...ofKind('tenant'), ...ofKind('server'), ...ofKind('instance')];
    await probeAll(servers, addressed);
    await delay(200);
    const tokens = new Set(['default', 'ledger', ...addressed.map(subjectToken)]);
    findings.push(...foreign(seen, tokens, tokens));
    findings.push(...addressed.flatMap(widePermissions));
  } finally {
    await ear.close();
    await deployment.stop();
  }
  return { names, messages, findings };
}

function read(uri: string): PlainRequest {
  return { method: 'resources/read', name: uri, params: { uri } };
}

async function listAs(deployment: Deployment, tenant: string): Promise<PlainRequest> {
  return {
    method: 'tools/call',
    name: 'append',
    params: { name: 'append', arguments: { key: 'x' } },
    credential: await deployment.issueToken({ tenant }),
  };
}

async function askGateway(deployment: Deployment, requests: PlainRequest[]): Promise<void> {
  const rest = requests.values();
  const { port } = deployment.gateway(0);
  const askOnAndOn = async () => {
    let wire = new Wire(port);
    for (const request of rest) {
      if (!wire.isOpen) wire = new Wire(port);
      await wire.exchange(encodeRequest(request, { port, accessToken: deployment.accessToken }), false);
    }
    wire.close();
  };
  await Promise.all(Array.from({ length: connections }, askOnAndOn));
}

/** Has the gateway's own code address instances whose tenant, server and id are these names. */
async function probeAll(servers: string, names: string[]): Promise<void> {
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  const { user, password } = spy;
  const options = { servers, user, password, name: 'injection', inboxPrefix: inboxPrefix({ role: 'gateway' }), logger };
  const connection = await connectNats(options);
  const bus = new BusMonitor(connection, logger);
  const calls = new CallClient(connection, bus, logger);
  bus.start();
  while (!bus.carries) await delay(10);
  for (let index = 0; index < names.length; index++) {
    const [tenant, server, instance] = [0, 1, 2].map((further) => subjectToken(names[index + further] ?? ''));
    if (!tenant || !server || !instance) continue;
    // The spy hears it, so nobody is told that there is nobody: there is nothing to wait for.
    void calls.probe({ tenant, server, instance }, 10);
    if (index % 100 === 0) await connection.flush();
  }
  await calls.close();
  bus.close();
  await connection.close();
}

const token = '[a-z0-9_-]{1,63}';
const ownSubjects: [pattern: RegExp, named: boolean][] = [
  [
    new RegExp(
      `^gh\\.(?:call|control|beat|announce|announced|task-report|task-news)\\.(${token})\\.(${token})\\.${token}$`,
    ),
    true,
  ],
  [new RegExp(`^gh\\.reply\\.(${token})\\.(${token})\\.${token}\\.${token}$`), true],
  [new RegExp(`^gh\\.changed\\.(${token})\\.(${token})$`), true],
  [new RegExp(`^gh\\.bus\\.${token}$`), false],
  // What JetStream is asked for and answers, about the streams that the gateway keeps.
  [/^\$(?:JS|KV)\.[A-Za-z0-9_$.=/-]+$/, false],
  [/^_INBOX[A-Za-z0-9_.-]+$/, false],
];

/** Subjects that nobody here has a reason to use. */
function foreign(seen: Iterable<string>, tenants: Set<string>, servers: Set<string>): string[] {
  return [...seen]
    .filter((natsSubject) => {
      for (const [pattern, named] of ownSubjects) {
        const match = pattern.exec(natsSubject);
        if (match) return named && !(tenants.has(match[1] ?? '') && servers.has(match[2] ?? ''));
      }
      return true;
    })
    .map((natsSubject) => `the spy saw ${JSON.stringify(natsSubject)}`);
}

/** A worker's rights where its tenant is this name: a wildcard stands only where one was put. */
function widePermissions(tenant: string): string[] {
  const { publish, subscribe } = rolePermissions({ role: 'worker', tenant, servers: ['victim'] });
  const own = new RegExp(
    `^(?:gh\\.[a-z-]+\\.${subjectToken(tenant)}\\.victim(?:\\.\\*){0,2}|\\$SRV\\.\\*(?:\\.victim(?:\\.\\*)?)?|_INBOX_worker\\.${subjectToken(tenant)}\\.victim\\.>)$`,
  );
  return [...publish.allow, ...subscribe.allow]
    .filter((pattern) => !own.test(pattern))
    .map((pattern) => `a worker of tenant ${JSON.stringify(tenant)} may use ${pattern}`);
}
