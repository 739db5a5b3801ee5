import { defineProject } from 'vitest/config';
import { testProject } from '../../vitest.project.ts';

const { test, ...project } = testProject('fuzz', { include: ['src/**/*.spec.ts'], timeoutMs: 120_000 });

export default defineProject({
  ...project,
  test: {
    ...test,
    globalSetup: [new URL('../chaos/src/build.ts', import.meta.url).pathname],
    // After all other tests and one file at a time: here it is measured how long an event loop is busy.
    sequence: { groupOrder: 2 },
    maxWorkers: 1,
  },
});
