import { testProject } from '../../vitest.project.ts';

export default testProject('worker', { services: true });
