import { startEmbeddedPostgres, makeTemporaryFolder } from '@gatehouse/start';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
const folder = makeTemporaryFolder('authcore-live-');
const pg = await startEmbeddedPostgres({ dataDir: folder.path + '/pg', durable: true });
const child = spawn(process.execPath, ['dist/apps/authorization-server/main.js'], { cwd: '/work/main', stdio: 'inherit', env: { ...process.env, DATABASE_URL: pg.url, AUTH_PORT: '45871', AUTH_ADMIN_PORT: '45872', GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'), NATS_URL: 'nats://127.0.0.1:1' } });
await new Promise((r) => setTimeout(r, 4000));
for (const u of ['45871/.well-known/oauth-authorization-server', '45871/auth?client_id=x', '45872/readyz']) { const r = await fetch('http://localhost:' + u, {headers:{accept:'text/html'}}); console.log(r.status, (await r.text()).slice(0, 120).replace(/\n/g,' ')); }
const { execSync } = await import('node:child_process');
console.log('RSS MB', Number(execSync(`ps -o rss= -p ${child.pid}`).toString()) / 1024);
const t = Date.now(); child.kill('SIGTERM'); const code = await new Promise((r) => child.on('exit', r)); console.log('exit', code, Date.now() - t, 'ms');
await pg.stop(); folder.remove();
