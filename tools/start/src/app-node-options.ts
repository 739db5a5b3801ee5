/**
 * What Node itself is started with, by app. V8 fixes the least size of its young generation before any code of ours runs, so
 * the gateway cannot set it by itself; without it the gateway works and is slower under load (docs/decisions/0026).
 */
export const appNodeOptions: Record<string, readonly string[]> = { gateway: ['--min-semi-space-size=16'] };
