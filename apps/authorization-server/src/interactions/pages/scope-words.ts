import type { Texts } from './texts.ts';

/** One permission as a person reads it. */
export interface ScopeWords {
  /** Such as `files: read`. */
  title: string;
  detail: string;
}

/** Puts scopes into words, in the order in which they were asked for. */
export function describeScopes(scopes: string[], texts: Texts): ScopeWords[] {
  return scopes.map((scope) => describeScope(scope, texts));
}

function describeScope(scope: string, texts: Texts): ScopeWords {
  const { plain, ofServer, custom } = texts.scopes;
  const separator = scope.indexOf(':');
  if (separator < 0) return wordsFor(plain, scope) ?? { title: scope, detail: custom };
  const server = scope.slice(0, separator);
  const permission = scope.slice(separator + 1);
  const words = wordsFor(ofServer, permission) ?? { title: permission, detail: custom };
  return { title: `${server}: ${words.title}`, detail: words.detail };
}

function wordsFor(table: Record<string, ScopeWords>, scope: string): ScopeWords | undefined {
  return Object.hasOwn(table, scope) ? table[scope] : undefined;
}
