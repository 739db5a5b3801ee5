/** Browsers decode what they are sent: a small file must not become a large picture. */
const maxPixels = 2_048;

/** An image that browsers may be given. */
export interface LogoImage {
  mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
}

interface Dimensions {
  width: number;
  height: number;
}

/**
 * Tells by its bytes what an image is, whatever its host called it. SVG is none: it is a document, with scripts and links.
 * @returns undefined for everything but PNG, JPEG and WebP of at most 2048 pixels a side.
 */
export function readLogoImage(bytes: Buffer): LogoImage | undefined {
  const mediaType = mediaTypeOf(bytes);
  const size = mediaType && dimensionsOf(bytes, mediaType);
  const isShown = size && size.width > 0 && size.height > 0 && size.width <= maxPixels && size.height <= maxPixels;
  return mediaType && isShown ? { mediaType } : undefined;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function mediaTypeOf(bytes: Buffer): LogoImage['mediaType'] | undefined {
  if (bytes.subarray(0, 8).equals(pngSignature)) return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'image/webp' : undefined;
}

function dimensionsOf(bytes: Buffer, mediaType: LogoImage['mediaType']): Dimensions | undefined {
  try {
    if (mediaType === 'image/png') return pngDimensions(bytes);
    return mediaType === 'image/jpeg' ? jpegDimensions(bytes) : webpDimensions(bytes);
  } catch (error) {
    // It ends before it says how large it is.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** PNG (ISO/IEC 15948) §11.2.2: the header comes first. */
function pngDimensions(bytes: Buffer): Dimensions | undefined {
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** JPEG (ITU-T T.81) §B.2.2: the size stands in the first frame header, `SOF0` to `SOF15`. */
function jpegDimensions(bytes: Buffer): Dimensions | undefined {
  let at = 2;
  while (bytes.readUInt8(at) === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    // DHT, JPG and DAC have numbers in the same range.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649 §2.5 to §2.7: three kinds of first chunk. */
function webpDimensions(bytes: Buffer): Dimensions | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const packed = bytes.readUInt32LE(21);
      return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}
