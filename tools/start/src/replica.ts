import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './build.ts';

// `npm run worker` (or gateway, authorization-server): one more process of a role beside the running stack, in this
// terminal. The process is the app itself, so it gets the terminal's signals; what the shell sets wins over the stack's.
const roles: Record<string, string> = {
  worker: 'worker-files',
  gateway: 'gateway',
  'authorization-server': 'authorization-server',
};

const [, , app = ''] = process.argv;
const dataDir = path.resolve(root, process.env.GATEHOUSE_DATA_DIR ?? '.gatehouse');
const environment = path.join(dataDir, 'env', `${roles[app]}.env`);
const program = path.join(root, 'dist/apps', app, 'main.js');
if (existsSync(environment) && existsSync(program)) {
  process.loadEnvFile(environment);
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
} else {
  process.stderr.write(`${app} cannot start: there is no stack in ${dataDir}; run \`npm start\` first.\n`);
  process.exitCode = 1;
}
