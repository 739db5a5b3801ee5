import { expect, it } from 'vitest';
import { FrameChunks } from './chunked-frame.ts';

it('chunks that wait for a reader hold no more than themselves', async () => {
  const chunks = new FrameChunks(400, 400, { openWindow: () => {}, cancel: () => {} });
  for (let number = 0; number < 4; number++) chunks.receive(number, new Uint8Array(10_000).subarray(0, 100));
  const held: number[] = [];
  for await (const chunk of chunks) held.push(chunk.buffer.byteLength);
  expect(held.slice(1)).toEqual([100, 100, 100]);
});
