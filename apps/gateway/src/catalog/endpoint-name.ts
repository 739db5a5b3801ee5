import type { CatalogEndpoint } from './resolution.ts';

/** The path of an endpoint below the gateway's public URL: its name in logs, and what belongs to it alone. */
export function endpointName(endpoint: CatalogEndpoint): string {
  return endpoint.kind === 'aggregate' ? '/mcp' : `/mcp/${endpoint.server}`;
}
