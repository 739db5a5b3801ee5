import { testProject } from '../../vitest.project.ts';

export default testProject('worker-app', { services: true });
