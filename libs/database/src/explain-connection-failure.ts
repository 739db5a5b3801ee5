import { StartError } from '@gatehouse/runtime';

/** The SQLSTATE codes and socket errors that an operator meets when a process connects for the first time. */
const explanations: Record<string, (target: DatabaseTarget) => string> = {
  '28P01': ({ user }) =>
    `PostgreSQL refuses the password of ${user}: correct the user or the password in DATABASE_URL.`,
  '28000': ({ user, host }) =>
    `PostgreSQL at ${host} does not let ${user} in: correct the user in DATABASE_URL, or allow this connection in pg_hba.conf.`,
  '3D000': ({ database, host }) =>
    `There is no database ${database} on ${host}: create it, or correct the database name in DATABASE_URL.`,
  '42501': ({ user, database }) =>
    `${user} may not create the schema in database ${database}: grant it CREATE on that database, or name another user in DATABASE_URL.`,
  '53300': ({ host }) =>
    `PostgreSQL at ${host} has no free connection: raise its max_connections, or stop what holds them.`,
  '53100': ({ host }) => `PostgreSQL at ${host} has no room left on its disk: make some.`,
  '25006': ({ host }) => `PostgreSQL at ${host} is read-only: name the primary server in DATABASE_URL.`,
  '57014': ({ host }) => `PostgreSQL at ${host} takes longer than 2 s for a statement: relieve it, then start again.`,
  ENOTFOUND: ({ host }) => `The host ${host} of DATABASE_URL is unknown: correct it.`,
  EAI_AGAIN: ({ host }) => `The host ${host} of DATABASE_URL cannot be looked up: check the name service.`,
};

/** What DATABASE_URL names, without its password. */
interface DatabaseTarget {
  /** Host and port. */
  host: string;
  user: string;
  database: string;
}

/**
 * Reads the parts of a `postgres://` URL that may be shown.
 * @throws StartError when it is not such a URL; the value is not repeated, for it may hold a password.
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) throw malformed();
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const socketFolder = searchParams.get('host');
  if ((hostname === '' && socketFolder === null) || database === '') throw malformed();
  return {
    host: socketFolder ?? `${hostname}:${port || '5432'}`,
    user: decodeURIComponent(username) || 'the default user',
    database,
  };
}

function malformed(): StartError {
  return new StartError('DATABASE_URL is malformed: it must look like postgres://user:password@host:5432/database.');
}

/**
 * Translates what a start met at its database into one sentence for the operator; other errors, and sentences that
 * exist already, come back as they are.
 */
export function explainDatabaseFailure(cause: unknown, url: string): Error {
  return cause instanceof StartError ? cause : explainConnectionFailure(cause, parseDatabaseUrl(url));
}

/** Translates a failed first connection into one sentence for the operator; other errors come back as they are. */
function explainConnectionFailure(cause: unknown, target: DatabaseTarget): Error {
  const failure = cause instanceof Error ? cause : new Error(String(cause));
  const explain = explanations[(failure as NodeJS.ErrnoException).code ?? ''];
  if (explain) return new StartError(explain(target), { cause });
  if (/^(XX|58)/.test((failure as NodeJS.ErrnoException).code ?? '')) {
    return new StartError(
      `PostgreSQL at ${target.host} cannot read its own files (${failure.message}): restore the database from a backup.`,
      { cause },
    );
  }
  if (isUnreachable(failure)) {
    return new StartError(
      `PostgreSQL at ${target.host} cannot be reached: start it, or correct the host and port in DATABASE_URL.`,
      { cause },
    );
  }
  if (/client password must be a/.test(failure.message)) {
    return new StartError(
      `PostgreSQL at ${target.host} asks for a password: add the one of ${target.user} to DATABASE_URL.`,
      {
        cause,
      },
    );
  }
  if (/ssl/i.test(failure.message)) {
    return new StartError(
      `PostgreSQL at ${target.host} and DATABASE_URL disagree about TLS: set or remove sslmode in DATABASE_URL.`,
      { cause },
    );
  }
  return failure;
}

function isUnreachable(failure: NodeJS.ErrnoException): boolean {
  if (failure instanceof AggregateError) return failure.errors.every((inner) => isUnreachable(inner as Error));
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ENOENT', '57P03'].includes(
      failure.code ?? '',
    ) || /timeout expired|Connection terminated/i.test(failure.message)
  );
}
