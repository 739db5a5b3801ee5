import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';

/**
 * Counts one event in a window that all replicas share, at once and outside any transaction.
 * @returns undefined within the limit, otherwise the seconds until the window ends.
 */
export async function countInWindow(
  dataSource: DataSource,
  bucket: string,
  limit: { count: number; windowSeconds: number },
): Promise<number | undefined> {
  const rows = await dataSource.query<{ count: number; remaining: number }[]>(
    `INSERT INTO auth.rate_window AS present (tenant_id, bucket, window_start, count)
     VALUES ($1, $2, now(), 1)
     ON CONFLICT (tenant_id, bucket) DO UPDATE SET
       count = CASE WHEN present.window_start > now() - make_interval(secs => $3::double precision)
                    THEN present.count + 1 ELSE 1 END,
       window_start = CASE WHEN present.window_start > now() - make_interval(secs => $3::double precision)
                           THEN present.window_start ELSE now() END
     RETURNING count, extract(epoch FROM window_start - now())::float8 + $3::float8 AS remaining`,
    [defaultTenant, bucket, limit.windowSeconds],
  );
  const { count, remaining } = rows[0]!;
  return count <= limit.count ? undefined : Math.max(1, Math.ceil(remaining));
}
