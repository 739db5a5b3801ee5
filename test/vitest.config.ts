import { testProject } from '../vitest.project.ts';

export default testProject('test', {
  services: true,
  include: ['system/**/*.spec.ts', 'security/**/*.spec.ts', 'conformance/**/*.spec.ts'],
  timeoutMs: 60_000,
});
