import { StartError } from '@gatehouse/runtime';

// MCP 2026-07-28 Tools §Tool Names
const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;

/** @throws StartError for a name that clients may refuse */
export function checkName(name: string, where: string): void {
  if (namePattern.test(name)) return;
  throw new StartError(`${where} is named "${name}": use 1 to 128 of the characters A-Z, a-z, 0-9, _, - and dot.`);
}

/** @throws StartError for a missing description, without which a model cannot choose */
export function checkDescription(description: unknown, where: string): void {
  if (typeof description === 'string' && description.trim() !== '') return;
  throw new StartError(`${where} has no description: say what it does and when to use it.`);
}

/** @throws StartError when `key` is taken */
export function checkUnused(taken: { has(key: string): boolean }, key: string, kind: string, where: string): void {
  if (!taken.has(key)) return;
  throw new StartError(`${where} declares the ${kind} "${key}", which this server already has: give it another name.`);
}
