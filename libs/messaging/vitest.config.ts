import { defineProject } from 'vitest/config';
import { testProject } from '../../vitest.project.ts';

const { test, ...project } = testProject('messaging', { services: true });

export default defineProject({
  ...project,
  test: {
    ...test,
    // After all others and one file at a time: their gateways would keep this project's catalog, by another clock.
    sequence: { groupOrder: 3 },
    maxWorkers: 1,
  },
});
