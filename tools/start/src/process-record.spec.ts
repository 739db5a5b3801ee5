import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isRunning } from './end-process.ts';
import { endLeftovers, ProcessRecord } from './process-record.ts';
import type { RecordedProcess } from './process-record.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-record-'));
const file = path.join(folder, 'processes.json');
afterAll(() => rmSync(folder, { recursive: true }));

describe('the record of a stack that was killed', () => {
  it('leads to the processes that are left, which are ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    new ProcessRecord(file).add('gateway', child.pid!);
    const leftovers = new ProcessRecord(file).readLeftovers();
    expect(leftovers).toMatchObject([{ name: 'gateway', pid: child.pid }]);
    await endLeftovers(leftovers);
    expect(isRunning(child.pid!)).toBe(false);
  });

  it('does not lead to a process that has the id of one that is gone', () => {
    new ProcessRecord(file).add('gateway', process.pid);
    const [recorded] = JSON.parse(readFileSync(file, 'utf8')) as [RecordedProcess];
    writeFileSync(file, JSON.stringify([{ ...recorded, startedAt: `${recorded.startedAt}0` }]));
    expect(new ProcessRecord(file).readLeftovers()).toEqual([]);
  });

  it.each([
    ['is absent', undefined],
    ['is damaged', '[{"name":"gate'],
  ])('says nothing when it %s', (_, content) => {
    rmSync(file, { force: true });
    if (content !== undefined) writeFileSync(file, content);
    expect(new ProcessRecord(file).readLeftovers()).toEqual([]);
  });
});
