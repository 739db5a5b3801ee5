import type { CallRecord } from './call-record.ts';
import { latenessMs } from './call-record.ts';
import type { LedgerRow } from './ledger.ts';

/** Design: every accepted call ends within its deadline and this. */
const graceMs = 1_000;

/** How often each ending may have been executed: at least, at most, and at most when the tool is replayable. */
const executions = {
  result: [1, 1, 2],
  'not-executed': [0, 0, 0],
  unknown: [0, 1, 2],
  lost: [0, 1, 2],
} as const;

/**
 * Compares what the callers saw with what the workers did; one sentence per contradiction.
 * @param lagMs by how much the callers' own clock readings may be late
 */
export function judge(calls: readonly CallRecord[], rows: readonly LedgerRow[], lagMs: number): string[] {
  const executed = new Map<string, number>();
  for (const { key, event } of rows) if (event === 'executed') executed.set(key, (executed.get(key) ?? 0) + 1);
  const keys = new Set(calls.map(({ key }) => key));
  return [
    ...[...executed.keys()].filter((key) => !keys.has(key)).map((key) => `${key}: was executed and never called`),
    ...calls.flatMap((call) => [
      ...judgeEnding(call, executed.get(call.key) ?? 0),
      ...(latenessMs(call) > graceMs + lagMs
        ? [`${named(call)}: ended ${Math.round(latenessMs(call))} ms after its deadline`]
        : []),
    ]),
  ];
}

function judgeEnding(call: CallRecord, times: number): string[] {
  const { ending } = call;
  if (ending === 'silent') return [`${named(call)}: never ended`];
  if (ending === 'refused') return [`${named(call)}: was refused: ${call.detail}`];
  const [least, once, twice] = executions[ending];
  const most = call.replayable ? twice : once;
  // A result that is too large to be delivered says itself that the tool ran.
  const told = call.executed === 'yes' ? 1 : least;
  if (times >= told && times <= most) return [];
  return [`${named(call)}: ended ${ending} and was executed ${times} times`];
}

function named({ key, tool, code }: CallRecord): string {
  return `${key} (${tool}${code === undefined ? '' : `, ${code}`})`;
}
