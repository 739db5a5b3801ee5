import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { serverInfoOf } from './server-info.ts';

it('the gateway tells the version of its package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(serverInfoOf(undefined).version).toBe(manifest.version);
});
