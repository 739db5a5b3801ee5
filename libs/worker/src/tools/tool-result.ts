import { isObject } from '@gatehouse/protocol';
import type { CallToolResult, ContentBlock, InputRequiredResult } from '../content.ts';

const blockTypes = new Set(['text', 'image', 'audio', 'resource_link', 'resource']);

/** The result of a failed tool: its message, for the model to act on. */
export function failedResult(message: string): CallToolResult {
  return { content: [{ type: 'text', text: message }], isError: true };
}

/** True for a raw `input_required` result, which goes out as it is. */
export function isInputRequired(value: unknown): value is InputRequiredResult {
  return isObject(value) && value.resultType === 'input_required';
}

/**
 * True for a whole result. Where the tool has an output schema, a value may itself have `content`: then only what also has
 * `structuredContent` or `isError: true` is a whole result, since a successful one owes structured content.
 */
export function isWholeResult(value: unknown, hasOutput: boolean): value is CallToolResult {
  if (!isObject(value) || !Array.isArray(value.content) || !value.content.every(isContentBlock)) return false;
  return !hasOutput || value.isError === true || 'structuredContent' in value;
}

/** A value with its JSON as text (MCP 2026-07-28 Tools §Structured Content: for clients that do not read it). */
export function structuredResult(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

/** Whatever a tool without an output schema returned. */
export function unstructuredResult(value: unknown): CallToolResult {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === 'string') return { content: [{ type: 'text', text: value }] };
  if (isContentBlock(value)) return { content: [value] };
  if (Array.isArray(value) && value.length > 0 && value.every(isContentBlock)) return { content: value };
  return { content: [{ type: 'text', text: JSON.stringify(value) }] };
}

function isContentBlock(value: unknown): value is ContentBlock {
  return isObject(value) && blockTypes.has(value.type as string);
}
