import { expect, it } from 'vitest';
import { injectNames } from './subject-injection.ts';

it('10,000 names of tools, servers, tenants, URIs and instances reach no subject that is not theirs', async () => {
  const { findings, messages } = await injectNames({ seed: 1, names: 10_000 });
  expect(findings).toEqual([]);
  expect(messages).toBeGreaterThan(1_000);
});
