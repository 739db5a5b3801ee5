import {
  declaredVersion,
  isLegacyVersion,
  isObject,
  modernVersion,
  unsupportedProtocolVersion,
} from '@gatehouse/protocol';
import type { Batch, LegacyVersion, Message } from '@gatehouse/protocol';

/** The revisions that did not yet name themselves in a header. */
const versionWithoutHeader: LegacyVersion = '2025-03-26';

/** Which rules apply to a message. */
type Era = { kind: 'modern' } | { kind: 'legacy'; version: LegacyVersion };

const modern: Era = { kind: 'modern' };

/**
 * Decides which rules apply: those of 2026-07-28 as soon as header or body claims a modern revision, else those of the
 * 2025 revision that the header names (MCP 2026-07-28 Versioning §Backward Compatibility, Streamable HTTP §Protocol
 * Version Header).
 * @throws JsonRpcError -32022 for a revision that nobody here speaks
 */
export function selectEra(message: Message | Batch, versionHeader: string | undefined): Era {
  if (declaresVersion(message)) return modern;
  if (versionHeader === undefined) return { kind: 'legacy', version: versionWithoutHeader };
  if (isLegacyVersion(versionHeader)) return { kind: 'legacy', version: versionHeader };
  if (versionHeader !== modernVersion) throw unsupportedProtocolVersion(versionHeader);
  return modern;
}

function declaresVersion(message: Message | Batch): boolean {
  if (message.kind === 'batch')
    return message.members.some(
      (member) => isObject(member) && isObject(member.params) && declaredVersion(member.params) !== undefined,
    );
  return message.kind !== 'response' && declaredVersion(message.params) !== undefined;
}
