import { readAuditRows } from '../audit/read-audit-rows.ts';
import type { AuditFilter, AuditRecord } from '../audit/read-audit-rows.ts';
import { UsageError } from './command.ts';
import type { Command, CommandInput } from './command.ts';

const mostRows = 100_000;
const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The audit log, which can only be read. */
export const auditCommands: Command[] = [
  {
    name: 'audit list',
    summary: 'Show the newest rows of the audit log that match, oldest first',
    isList: true,
    options: {
      type: { value: '<type>', isRepeatable: true, description: 'such as `login.failed`; `login.*` for all of a noun' },
      outcome: { value: '<outcome>', description: '`success` or `failure`' },
      actor: { value: '<who>', description: 'an account id, `client:<id>`, `system`, or `operator:<user>`' },
      'on-behalf-of': { value: '<account id>', description: 'the account in whose name it was done' },
      client: { value: '<client id>', description: 'the OAuth client' },
      address: { value: '<address>', description: 'where it came from' },
      reason: { value: '<word>', description: 'why it was refused or done' },
      trace: { value: '<trace id>', description: 'all that one request or command did' },
      since: { value: '<time>', description: 'ISO 8601, or an age such as `30m`, `24h`, `7d`' },
      until: { value: '<time>', description: 'likewise' },
      limit: { value: '<number>', description: 'most rows; 100 unless said' },
    },
    run: async ({ dataSource }, input) => {
      const rows = await readAuditRows(dataSource.manager, readFilter(input));
      return { lines: rows.map(describeRow), records: rows };
    },
  },
];

function readFilter(input: CommandInput): AuditFilter {
  const outcome = input.text('outcome');
  if (outcome !== undefined && outcome !== 'success' && outcome !== 'failure') {
    throw new UsageError('--outcome must be success or failure');
  }
  return {
    types: input.texts('type'),
    outcome,
    actor: input.text('actor'),
    onBehalfOf: input.text('on-behalf-of'),
    oauthClientId: input.text('client'),
    address: input.text('address'),
    reason: input.text('reason'),
    traceId: input.text('trace'),
    since: readTime(input, 'since'),
    until: readTime(input, 'until'),
    limit: input.wholeNumber('limit', { min: 1, max: mostRows }) ?? 100,
  };
}

function readTime(input: CommandInput, option: string): Date | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = count === undefined ? undefined : Number(count) * unitSeconds[unit as keyof typeof unitSeconds];
  const time = seconds === undefined ? new Date(text) : new Date(Date.now() - seconds * 1_000);
  const isIso = seconds !== undefined || /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  if (isIso && !Number.isNaN(time.getTime())) return time;
  throw new UsageError(`--${option} must be a time such as 2027-01-31T08:00:00Z, or an age such as 24h`);
}

function describeRow(row: AuditRecord): string {
  const { time, type, outcome, reason, actor, onBehalfOf, clientId, address, traceId, details } = row;
  const named = { reason, actor, for: onBehalfOf, client: clientId, address, trace: traceId };
  const known = Object.entries(named).filter(([, value]) => value !== null);
  return [
    time,
    type,
    outcome,
    ...known.map(([name, value]) => `${name}=${value}`),
    ...(details === null ? [] : [JSON.stringify(details)]),
  ].join('  ');
}
