// Draws the icon, beads on a line of which the last is only suggested, and encodes it as a PNG. Needs
// nothing but Node; knows nothing of the extension.
import { deflateSync } from 'node:zlib';

const BACKGROUND = [31, 41, 55];
const LINE = [107, 114, 128];
const BEADS = [
  { x: 0.22, colour: [96, 165, 250] },
  { x: 0.5, colour: [52, 211, 153] },
];
const GHOST = { x: 0.78, colour: [156, 163, 175] };
const RADIUS = 0.105;
const RING = 0.018;
const CORNER = 0.19;
const HALF_LINE = 0.012;
/** Points per pixel and direction that are averaged. */
const SAMPLES = 4;

/** The icon as the bytes of a PNG, so many pixels wide and high. */
export function icon(pixels) {
  const rows = Buffer.alloc(pixels * (1 + 4 * pixels));
  for (let y = 0; y < pixels; y++) {
    const row = y * (1 + 4 * pixels) + 1; // each row begins with its filter: 0, none
    for (let x = 0; x < pixels; x++) rows.set(pixel(x, y, pixels), row + 4 * x);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, RGBA, no interlacing
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function pixel(x, y, pixels) {
  const sum = [0, 0, 0];
  let inside = 0;
  for (let i = 0; i < SAMPLES; i++) {
    for (let j = 0; j < SAMPLES; j++) {
      const colour = at((x + (i + 0.5) / SAMPLES) / pixels, (y + (j + 0.5) / SAMPLES) / pixels);
      if (!colour) continue;
      inside++;
      for (let k = 0; k < 3; k++) sum[k] += colour[k];
    }
  }
  const opaque = Math.round((255 * inside) / (SAMPLES * SAMPLES));
  return [...sum.map((value) => (inside ? Math.round(value / inside) : 0)), opaque];
}

/** The colour at a point of the unit square; null outside of the icon. */
function at(x, y) {
  const dx = Math.max(CORNER - x, x - (1 - CORNER), 0);
  const dy = Math.max(CORNER - y, y - (1 - CORNER), 0);
  if (Math.hypot(dx, dy) > CORNER) return null;
  const bead = BEADS.find((b) => Math.hypot(x - b.x, y - 0.5) <= RADIUS);
  if (bead) return bead.colour;
  const ghost = Math.hypot(x - GHOST.x, y - 0.5);
  if (ghost <= RADIUS) return ghost >= RADIUS - RING ? GHOST.colour : BACKGROUND;
  return Math.abs(y - 0.5) <= HALF_LINE ? LINE : BACKGROUND;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** ISO 3309, as PNG wants it. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
