import { encode } from 'uqr';

/** Modules of white around the code (ISO/IEC 18004 §9.1). */
const quietZone = 4;

/**
 * A QR code, drawn on the server into the page: dark on white in every colour scheme, or some cameras do not read it.
 * It is an element and no image, so no policy has to allow it.
 */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, data } = encode(text, { ecc: 'M', border: quietZone });
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges" role="img" aria-label={label}>
      <path fill="#000000" d={data.map(pathOfRow).join('')} />
    </svg>
  );
}

/** Each run of dark modules is one rectangle. */
function pathOfRow(row: boolean[], y: number): string {
  const dark = row.map((isDark) => (isDark ? '1' : '0')).join('');
  return Array.from(dark.matchAll(/1+/g), ({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`).join(
    '',
  );
}
