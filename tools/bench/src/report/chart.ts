import { targetNames } from '../target-names.ts';
import type { TargetName } from '../target-names.ts';
import type { BenchResult } from './result-file.ts';
import type { Row } from './row.ts';

const width = 840;
const labelWidth = 150;
const barHeight = 22;
const barPitch = 30;
const panelGap = 34;
const margin = 24;

/** What a panel shows: one row of the report, as multiples of one of its targets. */
interface Panel {
  title: string;
  values: [target: TargetName, multiple: number][];
}

/** The chart of the README: what each target reaches as a multiple of the official server in the same run. */
export function renderChart(result: BenchResult): string {
  const panels = [
    panelOf('tools/call, 64 connections', result.rows, 'tools/call, 64 connections, req/s'),
    panelOf('tools/list, 5 tools', result.rows, 'tools/list with 5 tools, req/s'),
    panelOf('tools/list, 500 tools', result.rows, 'tools/list with 500 tools, req/s'),
  ];
  let y = margin + 60;
  const drawn = panels.map((panel) => {
    const lines = renderPanel(panel, y);
    y += 24 + panel.values.length * barPitch + panelGap - 10;
    return lines;
  });
  const height = y + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">Requests per second as multiples of the official server in the same run: ${panels.map(describePanel).join('; ')}.</title>
<style>
  .page { fill: #ffffff; stroke: #d1d9e0 }
  text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .head { font-size: 17px; font-weight: 600 }
  .panel { font-weight: 600 }
  .note { font-size: 12px; fill: #59636e }
  .own { fill: #0969da }
  .other { fill: #afb8c1 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .own { fill: #4493f8 }
    .other { fill: #59636e }
  }
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text class="head" x="${margin}" y="${margin + 6}">Requests per second, official server = 1</text>
<text class="note" x="${margin}" y="${margin + 26}">one run, authentication on at the gateway only; bare loop: node:http, NATS and a worker by hand</text>
${drawn.join('\n')}
<text class="note" x="${margin}" y="${height - 14}">${escapeText(caption(result))}</text>
</svg>
`;
}

function panelOf(title: string, rows: Row[], measure: string): Panel {
  const row = rows.find((candidate) => candidate.measure === measure);
  const official = row?.values['official server'];
  if (row === undefined || official === undefined) throw new Error(`the report has no row "${measure}"`);
  const values = targetNames.flatMap((target): Panel['values'] => {
    const value = row.values[target];
    return value === undefined ? [] : [[target, value / official]];
  });
  return { title, values: values.sort(([, a], [, b]) => b - a) };
}

function renderPanel({ title, values }: Panel, top: number): string {
  const longest = Math.max(...values.map(([, multiple]) => multiple));
  const scale = (width - margin * 2 - labelWidth - 70) / longest;
  const bars = values.map(([target, multiple], index) => {
    const y = top + 14 + index * barPitch;
    const length = Math.max(2, multiple * scale);
    const baseline = y + barHeight / 2 + 5;
    return [
      `<text x="${margin + labelWidth - 12}" y="${baseline}" text-anchor="end">${escapeText(target)}</text>`,
      `<rect class="${target === 'gateway' ? 'own' : 'other'}" x="${margin + labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3"/>`,
      `<text x="${(margin + labelWidth + length + 8).toFixed(1)}" y="${baseline}">${multiple.toFixed(1)}</text>`,
    ].join('\n');
  });
  return [`<text class="panel" x="${margin}" y="${top}">${escapeText(title)}</text>`, ...bars].join('\n');
}

function describePanel({ title, values }: Panel): string {
  return `${title}: ${values.map(([target, multiple]) => `${target} ${multiple.toFixed(1)}`).join(', ')}`;
}

function caption({ machine, measuredAt, rounds, seconds }: BenchResult): string {
  return `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, median of ${rounds} rounds of ${seconds} s, ${measuredAt.slice(0, 10)}`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
