import { expect, it } from 'vitest';
import { promise } from './row.ts';
import { renderTable } from './table.ts';

it('prints one line per measure with every target, the result, the promise and whether it was kept', () => {
  const lines = renderTable([
    {
      measure: 'tools/call, req/s',
      values: { gateway: 9000, 'bare loop': 12_000, 'mcp-nest': 2200.4 },
      promised: promise('of the bare loop', 0.75, { least: 0.65 }),
    },
    { measure: 'p99 ms', values: { gateway: 3.456 } },
    { measure: 'multiple', values: {}, promised: promise('times', 2.9, { least: 3, aim: 4 }) },
  ]).split('\n');
  expect(lines[0]).toMatch(/^measure +gateway +bare loop +official server +mcp-nest +mcp-proxy +result +promise$/);
  expect(lines[1]).toMatch(/^tools\/call, req\/s +9000 +12000 +2200 +0\.75 of the bare loop +at least 0\.65 +kept$/);
  expect(lines[2]).toMatch(/^p99 ms +3\.46$/);
  expect(lines[3]).toMatch(/^multiple +2\.90 times +at least 3, aim 4 +BROKEN$/);
});
