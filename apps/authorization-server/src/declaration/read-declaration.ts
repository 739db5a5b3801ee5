import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { declarationSchema } from './declaration.ts';
import type { Declaration } from './declaration.ts';

const maxFileBytes = 4 * 1_024 * 1_024;
const mostFaultsTold = 5;
/** An alias may stand for much: a small file must not become a large declaration. */
const mostAliases = 100;

/** A declaration and the folder that its relative paths begin at. */
interface ReadDeclaration {
  declaration: Declaration;
  folder: string;
}

/**
 * Reads a declaration, YAML or JSON.
 * @throws StartError in one sentence that names the file and each place in it that is wrong, and never a value.
 */
export function readDeclaration(file: string): ReadDeclaration {
  return { declaration: parseDeclaration(readText(file), file), folder: path.dirname(path.resolve(file)) };
}

/** As {@link readDeclaration}, of a text; JSON is YAML too (YAML 1.2 §1.3). */
export function parseDeclaration(text: string, file: string): Declaration {
  const parsed = declarationSchema.safeParse(parseYaml(text, file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(describeIssue);
  const more = faults.length > mostFaultsTold ? [`${faults.length - mostFaultsTold} more`] : [];
  throw new StartError(`${file} is no declaration: ${[...faults.slice(0, mostFaultsTold), ...more].join('; ')}.`);
}

function readText(file: string): string {
  try {
    const text = readFileSync(file);
    if (text.length <= maxFileBytes) return new TextDecoder('utf8', { fatal: true }).decode(text);
  } catch (cause) {
    if (cause instanceof TypeError) throw new StartError(`${file} is not UTF-8.`, { cause });
    throw new StartError(`${file} cannot be read: check the path and its permissions.`, { cause });
  }
  throw new StartError(`${file} has more than ${maxFileBytes} bytes.`);
}

function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true, logLevel: 'silent' });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) {
    // The first line of the message; the others show the file.
    const what = fault.message.split(/ at line |\n/)[0] ?? fault.code;
    const { line, col } = fault.linePos?.[0] ?? { line: 1, col: 1 };
    throw new StartError(`${file} is neither YAML nor JSON: line ${line}, column ${col}: ${what}.`);
  }
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (cause) {
    throw new StartError(`${file} repeats itself by too many aliases.`, { cause });
  }
}

/** `clients[0].redirect_uris must be an array`: the place, then what is wrong there. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const place = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ');
    return `${place} has ${names}, which ${issue.keys.length === 1 ? 'is' : 'are'} unknown`;
  }
  const text = issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, '');
  return /^(must|is|has) /.test(text) ? `${place} ${text}` : `${place}: ${text}`;
}

function placeOf(keys: readonly PropertyKey[]): string {
  if (keys.length === 0) return 'the file';
  return keys
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('');
}
