import { MetaKey } from '@gatehouse/protocol';
import type { CatalogServer } from '../../catalog/resolution.ts';

/** MCP schema `Implementation`, as far as the gateway fills it. */
interface ServerInfo {
  name: string;
  title?: string;
  version: string;
}

/** Equal to the version in package.json; a test compares them. */
const gatewayVersion = '0.1.0';

const gatehouse: ServerInfo = { name: 'gatehouse', title: 'Gatehouse', version: gatewayVersion };

/** Who answers: the one server of `/mcp/<server>`, or the gateway itself on `/mcp`. */
export function serverInfoOf(server: CatalogServer | undefined): ServerInfo {
  if (server === undefined) return gatehouse;
  const { title, version } = server.definitions;
  return { name: server.name, ...(title === undefined ? {} : { title }), version };
}

/** `_meta` of a result (MCP 2026-07-28 §`_meta`, per-response protocol fields). */
export function resultMeta(server: CatalogServer | undefined): object {
  return { [MetaKey.serverInfo]: serverInfoOf(server) };
}
