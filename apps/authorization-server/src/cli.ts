import { openDatabase } from '@gatehouse/database';
import { createLogger, maskCredentials, StartError } from '@gatehouse/runtime';
import { keysUsage, runKeysCommand } from './commands/keys.ts';
import { readCommandSettings } from './config.ts';
import { entities } from './storage/entities.ts';
import { migrations } from './storage/migrations/index.ts';

// The commands of an operator, on the database of the running servers: `npm run gatehouse -- auth <command>`.
const [, , topic, ...words] = process.argv;

try {
  const lines = topic === 'keys' ? await runOnDatabase() : undefined;
  if (!lines) throw new StartError(`The commands are: ${keysUsage.join(' | ')}.`);
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  const message = error instanceof StartError ? error.message : String(error);
  process.stderr.write(`${maskCredentials(message)}\n`);
  process.exitCode = 1;
}

async function runOnDatabase(): Promise<string[] | undefined> {
  const settings = readCommandSettings();
  const dataSource = await openDatabase({
    url: settings.DATABASE_URL,
    schema: 'auth',
    applicationName: 'gatehouse-command',
    entities,
    migrations,
    logger: createLogger('gatehouse', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
  try {
    return await runKeysCommand(dataSource, settings, words);
  } finally {
    await dataSource.destroy();
  }
}
