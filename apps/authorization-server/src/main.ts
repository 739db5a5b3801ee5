import { runApp } from '@gatehouse/runtime';
import { authorizationServerSettings } from './config.ts';
import { startServer } from './start-server.ts';

await runApp({ name: 'authorization-server', settings: authorizationServerSettings, start: startServer });
