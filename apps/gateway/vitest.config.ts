import { testProject } from '../../vitest.project.ts';

export default testProject('gateway-app', { services: true });
