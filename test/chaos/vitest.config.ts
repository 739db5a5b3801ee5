import { defineProject } from 'vitest/config';
import { testProject } from '../../vitest.project.ts';

const { test, ...project } = testProject('chaos', { include: ['src/**/*.spec.ts'], timeoutMs: 60_000 });

export default defineProject({
  ...project,
  test: {
    ...test,
    globalSetup: [new URL('src/build.ts', import.meta.url).pathname],
    // After all other tests and one file at a time: here it is measured how long things take.
    sequence: { groupOrder: 1 },
    maxWorkers: 1,
  },
});
