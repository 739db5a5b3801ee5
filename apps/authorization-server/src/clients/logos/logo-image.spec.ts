import { describe, expect, it } from 'vitest';
import { readLogoImage } from './logo-image.ts';

const png = (width: number, height: number) => {
  const bytes = Buffer.alloc(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes.writeUInt32BE(13, 8);
  bytes.write('IHDR', 12);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};
const jpeg = (width: number, height: number, before: number[] = []) => {
  const frame = Buffer.from([0xff, 0xc2, 0x00, 0x0b, 0x08, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.from(before), frame]);
};
const tables = [0xff, 0xe0, 0x00, 0x04, 1, 2, 0xff, 0xc4, 0x00, 0x03, 9];
const webp = (kind: string, write: (bytes: Buffer) => unknown) => {
  const bytes = Buffer.alloc(40);
  bytes.write(`RIFF    WEBP${kind}`, 0, 'latin1');
  write(bytes);
  return bytes;
};

describe('a logo', () => {
  it.each([
    ['PNG', png(512, 512), 'image/png'],
    ['PNG of the largest size', png(2_048, 1), 'image/png'],
    ['JPEG', jpeg(64, 48), 'image/jpeg'],
    ['JPEG with tables before its frame', jpeg(64, 48, tables), 'image/jpeg'],
    ['WebP, extended', webp('VP8X', (bytes) => bytes.writeUIntLE(511, 24, 3)), 'image/webp'],
    ['WebP, lossless', webp('VP8L', (bytes) => bytes.writeUInt32LE((511 << 14) | 511, 21)), 'image/webp'],
    ['WebP, lossy', webp('VP8 ', (bytes) => bytes.writeUInt16LE(64, 26) && bytes.writeUInt16LE(64, 28)), 'image/webp'],
  ])('may be a %s', (_what, bytes, mediaType) => {
    expect(readLogoImage(bytes)).toEqual({ mediaType });
  });

  it.each([
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['SVG after an XML declaration', Buffer.from('<?xml version="1.0"?><svg/>')],
    ['HTML page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['GIF', Buffer.from('GIF89a\x01\x00\x01\x00')],
    ['icon', Buffer.from([0, 0, 1, 0])],
    ['nothing', Buffer.alloc(0)],
    ['PNG that breaks off', png(1, 1).subarray(0, 18)],
    ['PNG of 30,000 pixels', png(30_000, 30_000)],
    ['PNG without width', png(0, 8)],
    ['JPEG of 65,535 pixels', jpeg(65_535, 10)],
    ['JPEG that breaks off', jpeg(8, 8).subarray(0, 6)],
    ['JPEG without a frame', Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 3, 4, 5])],
    ['JPEG whose segments lead nowhere', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff])],
    ['WebP of 16 million pixels', webp('VP8X', (bytes) => bytes.writeUIntLE(0xff_ff_ff, 24, 3))],
    ['WebP of an unknown kind', webp('VP9 ', () => undefined)],
  ])('must not be %s', (_what, bytes) => {
    expect(readLogoImage(bytes)).toBeUndefined();
  });
});
