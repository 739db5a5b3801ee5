import { testProject } from '../../vitest.project.ts';

export default testProject('messaging', { services: true });
