import { describe, expect, it } from 'vitest';
import { renderChart } from './chart.ts';
import type { BenchResult } from './result-file.ts';

const result: BenchResult = {
  measuredAt: '2026-11-21T15:00:00.000Z',
  machine: { cpu: 'CPU <1>', cores: 2, memoryGb: 8, system: 'linux x64', node: 'v26.10.0', wrk: '4.1.0' },
  seconds: 15,
  rounds: 5,
  rows: [
    {
      measure: 'tools/call, 64 connections, req/s',
      values: { gateway: 9000, 'bare loop': 12_000, 'official server': 3000, 'mcp-nest': 2700 },
    },
    {
      measure: 'tools/list with 5 tools, req/s',
      values: { gateway: 12_000, 'official server': 1000 },
    },
    {
      measure: 'tools/list with 500 tools, req/s',
      values: { gateway: 4000, 'official server': 100 },
    },
  ],
  notes: [],
  measurements: {},
};

describe('renderChart', () => {
  const chart = renderChart(result);

  it('shows every target that was measured as a multiple of the official server, the fastest first', () => {
    const texts = [...chart.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts.slice(2, 11)).toEqual([
      'tools/call, 64 connections',
      'bare loop',
      '4.0',
      'gateway',
      '3.0',
      'official server',
      '1.0',
      'mcp-nest',
      '0.9',
    ]);
    expect(texts).toContain('40.0');
  });

  it('says where, how and when it was measured', () => {
    expect(chart).toContain('CPU &lt;1&gt;, 2 cores, linux x64, Node v26.10.0, median of 5 rounds of 15 s, 2026-11-21');
  });

  it('has a text for those who do not see it, and colours for a dark page', () => {
    expect(chart).toMatch(/<title id="title">[^<]*gateway 3\.0/);
    expect(chart).toContain('prefers-color-scheme: dark');
  });

  it('refuses a result without a row that it draws', () => {
    expect(() => renderChart({ ...result, rows: [] })).toThrow('no row "tools/call');
  });
});
