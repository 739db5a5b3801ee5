import type { RequiredClientCapabilities } from './definitions.ts';
import { isObject } from './envelope.ts';

/**
 * What of `required` the client has not declared, as a `ClientCapabilities` object; undefined when nothing is missing.
 * `elicitation: {}` means form mode (MCP 2026-07-28 schema `ClientCapabilities`, example "form only, implicit").
 */
export function findMissingCapabilities(
  required: RequiredClientCapabilities,
  declared: Record<string, unknown>,
): Record<string, object> | undefined {
  const missing: Record<string, object> = {};
  for (const [name, wanted] of Object.entries(required)) {
    if (!isObject(wanted)) continue;
    const offered = declared[name];
    const lacking = isObject(offered) ? withoutOffered(name, wanted, offered) : wanted;
    if (lacking !== undefined) missing[name] = lacking;
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}

function withoutOffered(
  name: string,
  wanted: Record<string, unknown>,
  offered: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const impliesForm = name === 'elicitation' && offered.url === undefined;
  const lacking = Object.entries(wanted).filter(
    ([feature]) => offered[feature] === undefined && !(feature === 'form' && impliesForm),
  );
  return lacking.length === 0 ? undefined : Object.fromEntries(lacking);
}
