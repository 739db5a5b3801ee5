import type { ServerDefinitions } from '@gatehouse/protocol';
import { expect, it } from 'vitest';
import { EndpointCatalog } from './endpoint-catalog.ts';

function catalogOf(uriTemplates: string[]): EndpointCatalog {
  const resourceTemplates = uriTemplates.map((uriTemplate, index) => ({ name: `template-${index}`, uriTemplate }));
  const definitions: ServerDefinitions = {
    server: 'demo',
    version: '1.0.0',
    completions: false,
    logging: false,
    uriPrefixes: [],
    tools: [],
    resources: [],
    resourceTemplates,
    prompts: [],
  };
  return new EndpointCatalog([{ name: 'demo', digest: 'a', definitions }], (_, name) => name);
}

it('finds the template of a URI among a thousand', () => {
  const catalog = catalogOf(Array.from({ length: 1_000 }, (_, index) => `demo:///${index}/{name}`));
  expect(catalog.resource('demo:///999/a')?.definition).toMatchObject({ uriTemplate: 'demo:///999/{name}' });
});

it('spends no more than a moment on templates that are made to be slow, and still knows whose the URI is', () => {
  const catalog = catalogOf(Array.from({ length: 1_000 }, (_, index) => `demo:///${'{+a}x'.repeat(15)}{+a}y${index}`));
  const startedAt = performance.now();
  expect(catalog.resource(`demo:///${'x'.repeat(8_000)}`)).toMatchObject({ server: 'demo', definition: undefined });
  expect(performance.now() - startedAt).toBeLessThan(250);
});
