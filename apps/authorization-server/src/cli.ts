import { openDatabase } from '@gatehouse/database';
import { createLogger } from '@gatehouse/runtime';
import { readSecretFrom } from './commands/read-secret.ts';
import { runCommand } from './commands/run-command.ts';
import { environmentVariable, readCommandSettings } from './config.ts';
import { loadQuietly } from './load-quietly.ts';
import { entities } from './storage/entities.ts';
import { migrations } from './storage/migrations/index.ts';

/** Reading the audit may take long, and waiting for a server that holds a row. */
const statementTimeoutMs = 60_000;

// The commands of an operator, on the database of the running servers: `npm run gatehouse -- auth <command>`.
const { commands } = await loadQuietly(
  () => import('./commands/commands.ts'),
  () => undefined,
);
process.exitCode = await runCommand(commands, process.argv.slice(2), {
  open,
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
});

async function open() {
  const settings = readCommandSettings();
  const dataSource = await openDatabase({
    url: settings.DATABASE_URL,
    schema: 'auth',
    applicationName: 'gatehouse-command',
    entities,
    migrations,
    statementTimeoutMs,
    poolSize: 2,
    logger: createLogger('gatehouse', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
  return {
    dataSource,
    settings,
    environment: environmentVariable,
    readSecret: (question: string) => readSecretFrom(process.stdin, process.stderr, question),
    close: () => dataSource.destroy(),
  };
}
