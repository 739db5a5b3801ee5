import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { reportFailedSweep } from '../events.ts';

const batchSize = 500;
const intervalMs = 60_000;
/** Anybody can make this server learn documents; those of clients that people use stay. */
const mostClientDocuments = 1_000;
const mostClientLogos = 300;

/** What may go, and when. Small batches that skip locked rows keep the sweep out of everybody's way. */
const sweeps: { table: string; condition: string }[] = [
  { table: 'provider_record', condition: `expires_at < now()` },
  { table: 'refresh_token', condition: `expires_at < now()` },
  { table: 'oauth_grant', condition: `expires_at < now()` },
  // Published or not: it hits no token that still lives.
  { table: 'outbox', condition: `expires_at < now()` },
  { table: 'client_approval', condition: `expires_at < now()` },
  { table: 'client_secret', condition: `expires_at < now()` },
  { table: 'initial_access_token', condition: `expires_at < now()` },
  { table: 'client_document', condition: `fresh_until < now() AND stale_until < now()` },
  {
    table: 'client_document',
    condition: `url IN (SELECT url FROM auth.client_document
      ORDER BY used_at DESC NULLS LAST, fresh_until DESC OFFSET ${mostClientDocuments})`,
  },
  { table: 'browser_session', condition: `expires_at < now()` },
  { table: 'pending_sign_in', condition: `expires_at < now()` },
  {
    table: 'client_logo',
    condition: `url IN (SELECT url FROM auth.client_logo
      ORDER BY digest IS NULL, fresh_until DESC OFFSET ${mostClientLogos})`,
  },
  // No grant of before lives any more.
  { table: 'scope_version', condition: `superseded_at < now() - interval '91 days'` },
  // A bucket is empty after a hundred minutes, whatever was in it.
  { table: 'login_throttle', condition: `updated_at < now() - interval '2 hours'` },
  { table: 'known_browser', condition: `last_login_at < now() - interval '400 days'` },
  { table: 'rate_window', condition: `window_start < now() - interval '1 day'` },
];

/** Deletes expired rows batch by batch. @returns how many went. */
export async function sweepExpired(dataSource: DataSource): Promise<number> {
  let total = 0;
  for (const { table, condition } of sweeps) {
    for (;;) {
      const [, deleted] = await dataSource.query<[unknown[], number]>(
        `DELETE FROM auth.${table} WHERE ctid IN
         (SELECT ctid FROM auth.${table} WHERE ${condition} LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)`,
      );
      total += deleted;
      if (deleted < batchSize) break;
    }
  }
  return total;
}

/** Sweeps every minute until `stop` is called. @param collect deletes what is unused, though it does not expire. */
export function startSweeping(
  dataSource: DataSource,
  logger: Logger,
  collect: () => Promise<unknown>,
): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = sweepExpired(dataSource)
      .then(collect)
      .catch((error: unknown) => reportFailedSweep(logger, error));
  }, intervalMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
