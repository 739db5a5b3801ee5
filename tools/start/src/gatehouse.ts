import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './build.ts';

// `npm run gatehouse -- auth <command>`: a command of an operator. It works on the database of the local stack, or on the
// one of DATABASE_URL and GATEHOUSE_ENCRYPTION_KEY, which win.
const programs: Record<string, { file: string; role: string }> = {
  auth: { file: 'dist/apps/authorization-server/cli.js', role: 'authorization-server' },
};

const [, , topic = '', ...words] = process.argv;
const program = programs[topic];
const file = path.join(root, program?.file ?? '');
if (topic === '--help' || topic === '-h') {
  process.stdout.write(
    'npm run gatehouse -- auth <command>: the authorization server; auth --help shows the commands\n',
  );
} else if (program && existsSync(file)) {
  const dataDir = path.resolve(root, process.env.GATEHOUSE_DATA_DIR ?? '.gatehouse');
  const environment = path.join(dataDir, 'env', `${program.role}.env`);
  if (existsSync(environment)) process.loadEnvFile(environment);
  process.argv.splice(1, process.argv.length - 1, file, ...words);
  await import(pathToFileURL(file).href);
} else {
  const reason = program ? 'build first: `npm run build`' : `say what it is for: ${Object.keys(programs).join(', ')}`;
  process.stderr.write(`gatehouse: ${reason}.\n`);
  process.exitCode = program ? 1 : 2;
}
