/** An image of at most 256 colours: `palette` holds red, green, blue of each; `pixels` an index into it for each pixel. */
export interface Indexed {
  readonly palette: Buffer;
  readonly pixels: Buffer;
}

/** A shade: all colours that agree in their upper six bits, taken together. */
interface Shade {
  readonly key: number;
  readonly count: number;
  /** Mean red, green, blue. */
  readonly mean: readonly [number, number, number];
}

const SHADES = 1 << 18;

/** Picks 256 colours by median cut and gives each pixel the one of its shade. `rgba` has four bytes a pixel. */
export function quantise(rgba: Uint8Array): Indexed {
  const keys = shadeKeys(rgba);
  const boxes = cut(shadesOf(rgba, keys), 256);
  const palette = Buffer.alloc(boxes.length * 3);
  const indexOf = new Uint8Array(SHADES);
  boxes.forEach((box, index) => {
    const total = box.reduce((sum, shade) => sum + shade.count, 0);
    for (const channel of [0, 1, 2] as const) {
      const sum = box.reduce((all, shade) => all + shade.mean[channel] * shade.count, 0);
      palette[index * 3 + channel] = Math.round(sum / total);
    }
    for (const shade of box) indexOf[shade.key] = index;
  });
  const pixels = Buffer.alloc(keys.length);
  for (let i = 0; i < keys.length; i++) pixels[i] = indexOf[keys[i] ?? 0] ?? 0;
  return { palette, pixels };
}

/** The shade of each pixel. */
function shadeKeys(rgba: Uint8Array): Uint32Array {
  const keys = new Uint32Array(rgba.length / 4);
  for (let i = 0; i < keys.length; i++) {
    const [red, green, blue] = [rgba[i * 4] ?? 0, rgba[i * 4 + 1] ?? 0, rgba[i * 4 + 2] ?? 0];
    keys[i] = ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2);
  }
  return keys;
}

/** The shades of a picture, with the mean of their colours, so that large flat areas keep theirs exactly. */
function shadesOf(rgba: Uint8Array, keys: Uint32Array): Shade[] {
  const counts = new Uint32Array(SHADES);
  const red = new Uint32Array(SHADES);
  const green = new Uint32Array(SHADES);
  const blue = new Uint32Array(SHADES);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    counts[key] = (counts[key] ?? 0) + 1;
    red[key] = (red[key] ?? 0) + (rgba[i * 4] ?? 0);
    green[key] = (green[key] ?? 0) + (rgba[i * 4 + 1] ?? 0);
    blue[key] = (blue[key] ?? 0) + (rgba[i * 4 + 2] ?? 0);
  }
  const shades: Shade[] = [];
  for (let key = 0; key < SHADES; key++) {
    const count = counts[key] ?? 0;
    if (count === 0) continue;
    shades.push({
      key,
      count,
      mean: [(red[key] ?? 0) / count, (green[key] ?? 0) / count, (blue[key] ?? 0) / count],
    });
  }
  return shades;
}

type Box = readonly Shade[];

/** Halves the box that is worst until there are enough. */
function cut(shades: Box, most: number): Box[] {
  let boxes = [{ shades, ...widest(shades) }];
  while (boxes.length < most) {
    const worst = boxes.reduce((a, b) => (b.badness > a.badness ? b : a));
    if (worst.badness === 0) break;
    const halves = halve(worst.shades, worst.channel).map((half) => ({ shades: half, ...widest(half) }));
    boxes = [...boxes.filter((box) => box !== worst), ...halves];
  }
  return boxes.map((box) => box.shades);
}

/** The channel in which a box is widest; its badness grows with that width and with the pixels that it stands for. */
function widest(box: Box): { channel: 0 | 1 | 2; badness: number } {
  const spans = ([0, 1, 2] as const).map((channel) => {
    let low = 255;
    let high = 0;
    for (const { mean } of box) {
      low = Math.min(low, mean[channel]);
      high = Math.max(high, mean[channel]);
    }
    return { channel, span: box.length < 2 ? 0 : high - low };
  });
  const { channel, span } = spans.reduce((a, b) => (b.span > a.span ? b : a));
  const pixels = box.reduce((sum, shade) => sum + shade.count, 0);
  return { channel, badness: span * Math.sqrt(pixels) };
}

/** Two boxes with half of the pixels each, as near as its shades allow. */
function halve(box: Box, channel: 0 | 1 | 2): [Box, Box] {
  const sorted = [...box].sort((a, b) => a.mean[channel] - b.mean[channel]);
  const half = sorted.reduce((sum, shade) => sum + shade.count, 0) / 2;
  let seen = 0;
  const middle = sorted.findIndex((shade) => (seen += shade.count) >= half);
  const split = Math.min(Math.max(middle, 1), sorted.length - 1);
  return [sorted.slice(0, split), sorted.slice(split)];
}
