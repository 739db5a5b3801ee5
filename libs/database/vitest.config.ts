import { testProject } from '../../vitest.project.ts';

export default testProject('database', { services: true, timeoutMs: 30_000 });
