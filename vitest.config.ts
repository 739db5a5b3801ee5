import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { projects: ['apps/*', 'libs/*', 'tools/*', 'test', 'test/chaos', 'test/fuzz'], reporters: ['default'] },
});
