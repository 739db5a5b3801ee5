import type { Naming, OfferedServer } from './endpoint-catalog.ts';
import { EndpointCatalog } from './endpoint-catalog.ts';
import type { Exclusion } from './resolution.ts';
import { claimsOf, UriClaims } from './uri-claims.ts';

/** A server and where its first announcement stands in the order of all. */
export interface ClaimingServer extends OfferedServer {
  claimedAt: number;
}

/** Design §4: longer names, and characters that some clients refuse, are left out of `/mcp`. */
const maxNameLength = 64;
const portableName = /^[A-Za-z0-9_-]+$/;

/**
 * Puts all servers of a tenant behind one endpoint, their names prefixed `server__name`. The first to claim a URI
 * keeps it: a later server with an overlapping claim is left out as a whole.
 */
export function aggregate(servers: readonly ClaimingServer[]): {
  catalog: EndpointCatalog;
  excluded: Exclusion[];
} {
  const excluded: Exclusion[] = [];
  const included = withoutOverlaps(servers, excluded);
  const naming: Naming = (server, name) => {
    const prefixed = `${server}__${name}`;
    const reason = findNameFault(prefixed);
    if (reason === undefined) return prefixed;
    excluded.push({ server, name, reason });
    return undefined;
  };
  return { catalog: new EndpointCatalog(included, naming), excluded };
}

function findNameFault(name: string): Exclusion['reason'] | undefined {
  if (!portableName.test(name)) return 'name-not-portable';
  return name.length > maxNameLength ? 'name-too-long' : undefined;
}

function withoutOverlaps(servers: readonly ClaimingServer[], excluded: Exclusion[]): ClaimingServer[] {
  const claimed = new UriClaims<string>();
  const included = new Set<ClaimingServer>();
  for (const server of [...servers].sort((a, b) => a.claimedAt - b.claimedAt)) {
    const claims = claimsOf(server.definitions);
    const claimedBy = claims.map((claim) => claimed.findOverlap(claim)).find((owner) => owner !== undefined);
    if (claimedBy !== undefined) {
      excluded.push({ server: server.name, reason: 'uri-overlap', claimedBy });
      continue;
    }
    included.add(server);
    for (const claim of claims) claimed.add(claim, server.name);
  }
  return servers.filter((server) => included.has(server));
}
