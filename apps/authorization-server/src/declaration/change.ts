import { isDeepStrictEqual } from 'node:util';

/** Something that was not as it was declared. */
export interface Change {
  kind: 'create' | 'update' | 'delete' | 'disable';
  /** Such as `client reporting`. */
  what: string;
  /** The fields that differ. */
  fields: FieldChange[];
}

/** A field with what it was and what it is now; neither is told of a secret. */
export interface FieldChange {
  field: string;
  from?: unknown;
  to?: unknown;
}

/** The fields in which two records differ. */
export function changedFields(from: Record<string, unknown>, to: Record<string, unknown>): FieldChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((field) => !isDeepStrictEqual(from[field], to[field]))
    .toSorted()
    .map((field) => ({ field, from: from[field], to: to[field] }));
}

const signs = { create: '+', update: '~', delete: '-', disable: '-' } as const;

/** The lines that tell a change to people. */
export function describeChange({ kind, what, fields }: Change): string[] {
  const after = kind === 'disable' ? ' (disabled)' : '';
  return [`${signs[kind]} ${what}${after}`, ...fields.map((field) => `    ${describeField(field)}`)];
}

function describeField({ field, from, to }: FieldChange): string {
  if (from === undefined && to === undefined) return `${field}: changed, not shown`;
  if (from === undefined) return `${field}: ${shown(to)}`;
  return `${field}: ${shown(from)} -> ${shown(to)}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
