import { runApp } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import { authorizationServerSettings } from './config.ts';

await runApp({
  name: 'authorization-server',
  settings: authorizationServerSettings,
  start: async (settings, logger) => {
    const { startServer } = await loadServer(logger);
    return startServer(settings, logger);
  },
});

/** The provider prints a warning when Node is newer than the LTS releases that it knows; that is for the log. */
async function loadServer(logger: Logger) {
  const warn = globalThis.console.warn.bind(globalThis.console);
  globalThis.console.warn = (text: unknown) => logger.debug({ text }, 'a library warned while it was loaded');
  try {
    return await import('./start-server.ts');
  } finally {
    globalThis.console.warn = warn;
  }
}
