import fc from 'fast-check';
import { Deployment } from '../../chaos/src/deployment.ts';
import { callTool } from '../../chaos/src/tool-call.ts';
import { askState } from '../../support/probed-process.ts';
import { Wire } from './exchange.ts';
import { findFault, showsStack } from './inspect.ts';
import { anyRequest } from './requests.ts';
import type { FuzzRequest, Secrets } from './requests.ts';
import { Tally } from './tally.ts';

/** What a run came to. */
export interface FuzzReport {
  tally: Tally;
  /** The longest turn of the gateway's event loop, computing or blocked, and how late the loop was at all. */
  maxBusyMs: number;
  maxDelayMs: number;
  findings: string[];
}

const connections = 32;
/** Requests between two looks at the gateway. */
const batchSize = 1_000;
const loopLimitMs = 250;
const mostFindings = 20;

/** Sends generated requests to one real gateway and looks at each answer, at the logs and at the processes. */
export async function fuzz({ seed, requests }: { seed: number; requests: number }): Promise<FuzzReport> {
  const report: FuzzReport = { tally: new Tally(), maxBusyMs: 0, maxDelayMs: 0, findings: [] };
  let log = '';
  const onLog = (text: string) => {
    if (showsStack(text)) addFinding(report, `a log shows a stack trace: ${text.slice(0, 2_000)}`);
    log = text;
  };
  const deployment = await Deployment.start({ gateways: 1, workers: 1, onLog });
  try {
    const secrets = { port: deployment.gateway(0).port, credentials: await makeCredentials(deployment) };
    await askState(deployment.gateway(0));
    for (let sent = 0; sent < requests && report.findings.length < mostFindings; sent += batchSize) {
      const numRuns = Math.min(batchSize, requests - sent);
      const generated = fc.sample(anyRequest, { numRuns, seed: seed + sent / batchSize });
      await sendAll(generated, secrets, report);
      const broken = [...deployment.gateways, ...deployment.workers].filter(({ runs }) => !runs);
      if (broken.length > 0) {
        addFinding(report, `a process has ended after ${sent} requests: ${log}`);
        break;
      }
      await lookAtLoop(deployment, report);
    }
    const { ending, detail } = await callHonestly(deployment);
    if (ending !== 'result') addFinding(report, `an honest call afterwards ended ${ending}: ${detail}`);
  } finally {
    await deployment.stop();
  }
  return report;
}

async function sendAll(
  generated: ((secrets: Secrets) => FuzzRequest)[],
  secrets: Secrets,
  report: FuzzReport,
): Promise<void> {
  const rest = generated.values();
  const sendOnAndOn = async () => {
    let wire: Wire | undefined;
    for (const make of rest) {
      const { bytes, wellFramed } = make(secrets);
      if (!wire?.isOpen || !wellFramed) {
        wire?.close();
        wire = new Wire(secrets.port);
      }
      const exchange = await wire.exchange(bytes, !wellFramed);
      report.tally.add(exchange);
      const fault = findFault(exchange);
      if (fault !== undefined)
        addFinding(
          report,
          `${fault}\n    to ${JSON.stringify(bytes.toString('latin1').slice(0, 3_000))}\n    answer ${exchange.body.slice(0, 500)}`,
        );
      const isReusable =
        wellFramed && exchange.kind === 'answered' && exchange.contentType.startsWith('application/json');
      if (isReusable) continue;
      wire.close();
      wire = undefined;
    }
    wire?.close();
  };
  await Promise.all(Array.from({ length: connections }, sendOnAndOn));
}

async function lookAtLoop(deployment: Deployment, report: FuzzReport): Promise<void> {
  const { maxBusyMs, maxDelayMs } = await askState(deployment.gateway(0));
  report.maxBusyMs = Math.max(report.maxBusyMs, maxBusyMs);
  report.maxDelayMs = Math.max(report.maxDelayMs, maxDelayMs);
  if (maxBusyMs > loopLimitMs) addFinding(report, `the gateway's event loop was busy for ${Math.round(maxBusyMs)} ms`);
}

function addFinding(report: FuzzReport, finding: string): void {
  if (report.findings.length < mostFindings) report.findings.push(finding);
}

/** Values of `Authorization`, from the valid one to nonsense. */
async function makeCredentials(deployment: Deployment): Promise<string[]> {
  const valid = deployment.accessToken;
  const [header = '', payload = ''] = valid.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  return [
    `Bearer ${valid}`,
    `Bearer ${await deployment.issueToken({ tenant: 'other' })}`,
    `Bearer ${await deployment.issueToken({ tenant: '*' })}`,
    `Bearer ${await deployment.issueToken({ tenant: 'a.>' })}`,
    `Bearer ${await deployment.issueToken({ scope: '' })}`,
    `Bearer ${await deployment.issueToken({ scope: '__proto__ constructor' })}`,
    `Bearer ${await deployment.issueToken({ roles: 'admin' })}`,
    `Bearer ${await deployment.issueToken({ nbf: 4_102_444_800 })}`,
    `Bearer ${await deployment.issueToken({}, 'http://gatehouse.test/mcp')}`,
    `Bearer ${await deployment.issueToken({}, 'http://elsewhere.test/mcp/ledger')}`,
    `Bearer ${none}.${payload}.`,
    `Bearer ${header}.${payload}.AAAA`,
    `Bearer ${valid.slice(0, -2)}`,
    `Bearer ${'x'.repeat(9_000)}`,
    `bearer  ${valid}`,
    `Bearer ${valid}, Bearer ${valid}`,
    `Basic ${Buffer.from('a:b').toString('base64')}`,
    `DPoP ${valid}`,
    'Bearer',
    'Bearer \x80\xff',
    '',
  ];
}

function callHonestly(deployment: Deployment) {
  return callTool(deployment.caller(0), 'append', { key: 'honest' });
}
