import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunnerTask } from 'vitest';
import './rows/authorization-requests.ts';
import './rows/codes.ts';
import './rows/refreshing.ts';
import './rows/registrations.ts';
import './rows/client-documents.ts';
import './rows/client-assertions.ts';
import './rows/pages.ts';
import './rows/sign-in.ts';
import './rows/gateway-tokens.ts';
import './rows/bus-identities.ts';
// The last, for it ends everything, the signing key included.
import './rows/revocations.ts';
import { useStack } from './stack/running-stack.ts';

// One start for all: every attack meets the same two authorization servers and two gateways.
useStack();

/** One line of the table in the README. */
interface Row {
  attack: string;
  /** Names of groups and tests, as the runner prints them. */
  tests: string[];
  /** What must be built before the attack can be made. */
  waitsFor: string | undefined;
}

function readRows(): Row[] {
  const text = readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8');
  return [...text.matchAll(/^\| (.*) \| (.*) \| (.*) \|$/gm)].slice(1).map(([, attack = '', , shownBy = '']) => {
    const [, waitsFor] = /^waits for (.*)$/.exec(shownBy) ?? [];
    return { attack, waitsFor, tests: waitsFor === undefined ? shownBy.split('<br>') : [] };
  });
}

/** The full names of a group, its groups and its tests. */
function namesOf(tasks: RunnerTask[], prefix = ''): string[] {
  return tasks.flatMap((task) => {
    const name = `${prefix}${task.name}`;
    return task.type === 'suite' ? [name, ...namesOf(task.tasks, `${name} > `)] : [name];
  });
}

describe('the attack list', () => {
  const rows = readRows();

  it('has each attack once, with its tests or with what it waits for', () => {
    expect(rows).toHaveLength(50);
    expect(new Set(rows.map(({ attack }) => attack)).size).toBe(50);
    expect(rows.filter(({ tests, waitsFor }) => tests.length === 0 && !waitsFor)).toEqual([]);
  });

  it('names tests that exist', ({ task }) => {
    const names = new Set(namesOf(task.file.tasks));
    expect(rows.flatMap(({ tests }) => tests).filter((name) => !names.has(name))).toEqual([]);
  });

  it('leaves no test out', ({ task }) => {
    const named = rows.flatMap(({ tests }) => tests);
    const groups = task.file.tasks.filter(({ name }) => name !== 'the attack list').map(({ name }) => name);
    expect(groups.filter((group) => !named.some((name) => name === group || name.startsWith(`${group} > `)))).toEqual(
      [],
    );
  });
});
