import { runApp } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import { authorizationServerSettings } from './config.ts';
import { loadQuietly } from './load-quietly.ts';

await runApp({
  name: 'authorization-server',
  settings: authorizationServerSettings,
  start: async (settings, logger) => {
    const { startServer } = await loadServer(logger);
    return startServer(settings, logger);
  },
});

function loadServer(logger: Logger) {
  const hear = (text: unknown) => logger.debug({ text }, 'a library warned while it was loaded');
  return loadQuietly(() => import('./start-server.ts'), hear);
}
