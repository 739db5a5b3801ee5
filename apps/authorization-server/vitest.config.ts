import { testProject } from '../../vitest.project.ts';

export default testProject('authorization-server-app', {
  services: true,
  timeoutMs: 30_000,
  setupFiles: ['test/cheap-passwords.ts'],
});
