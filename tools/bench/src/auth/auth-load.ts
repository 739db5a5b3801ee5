import { Person } from './person.ts';
import type { AuthTarget } from './person.ts';

/** What is done again and again: a refresh that rotates, or a whole code flow. */
export type Work = 'refresh' | 'code flow';

/** What the parent asks for. */
export type LoadOrder =
  | { kind: 'prepare'; target: AuthTarget; people: number }
  /** Everybody gets a new grant. */
  | { kind: 'begin grants' }
  | { kind: 'run'; work: Work; people: number; seconds: number };

/** What one run came to. */
export interface LoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
}

/** What the parent hears. */
export type LoadReport = { kind: 'prepared' } | ({ kind: 'done' } & LoadResult) | { kind: 'failed'; reason: string };

const mostFailures = 100;

/** Somebody who is signed in, with the refresh token of a grant of their own. */
interface Participant {
  person: Person;
  refreshToken: string;
}

let participants: Participant[] = [];

process.on('message', (order: LoadOrder) => {
  void obey(order).then(
    (report) => process.send?.(report),
    (error: Error) => process.send?.({ kind: 'failed', reason: error.message } satisfies LoadReport),
  );
});

async function obey(order: LoadOrder): Promise<LoadReport> {
  if (order.kind === 'run') return { kind: 'done', ...(await run(order)) };
  if (order.kind === 'begin grants') await beginGrants();
  else await prepare(order);
  return { kind: 'prepared' };
}

async function prepare(order: Extract<LoadOrder, { kind: 'prepare' }>): Promise<void> {
  participants = [];
  // One after the other: so many sign-ins from one address at once would be an attack.
  for (let index = 0; index < order.people; index += 1) {
    const person = new Person(order.target, index);
    const { refresh_token: refreshToken } = await person.obtainTokens();
    participants.push({ person, refreshToken });
  }
}

async function run({ work, people, seconds }: Extract<LoadOrder, { kind: 'run' }>): Promise<LoadResult> {
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  const latencies: number[] = [];
  let failed = 0;
  let firstError: Error | undefined;
  const loop = async (participant: Participant) => {
    while (performance.now() < endsAt) {
      const beganAt = performance.now();
      try {
        await (work === 'refresh' ? refresh(participant) : participant.person.obtainTokens());
      } catch (error) {
        firstError ??= error as Error;
        failed += 1;
        if (failed > mostFailures) throw error;
      }
      latencies.push(performance.now() - beganAt);
    }
  };
  await Promise.all(participants.slice(0, people).map(loop));
  if (firstError !== undefined) console.error(`${work}: ${firstError.message}`);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const tookSeconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: (latencies.length - failed) / tookSeconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

async function beginGrants(): Promise<void> {
  for (const participant of participants) {
    ({ refresh_token: participant.refreshToken } = await participant.person.obtainTokens());
  }
}

async function refresh(participant: Participant): Promise<void> {
  const { refresh_token: next } = await participant.person.refresh(participant.refreshToken);
  if (next === participant.refreshToken) throw new Error('the refresh token did not rotate');
  participant.refreshToken = next;
}
