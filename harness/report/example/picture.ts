import { PNG } from 'pngjs';

type Colour = readonly [red: number, green: number, blue: number];
type Box = readonly [x: number, y: number, width: number, height: number, colour: Colour];

/** Rectangles on a soft gradient, as PNG: enough to look like a logon screen from far away. */
export function picture(
  width: number,
  height: number,
  from: Colour,
  to: Colour,
  boxes: readonly Box[],
): Buffer {
  const png = new PNG({ width, height });
  const fill = (x: number, y: number, wide: number, colour: Colour): void => {
    png.data.fill(Buffer.from([...colour, 255]), (y * width + x) * 4, (y * width + x + wide) * 4);
  };
  for (let y = 0; y < height; y++) {
    const mix = (i: 0 | 1 | 2): number => Math.round(from[i] + ((to[i] - from[i]) * y) / height);
    fill(0, y, width, [mix(0), mix(1), mix(2)]);
  }
  for (const [left, top, wide, high, colour] of boxes) {
    for (let y = top; y < top + high; y++) fill(left, y, wide, colour);
  }
  return PNG.sync.write(png);
}

const WHITE: Colour = [255, 255, 255];
const GREY: Colour = [120, 130, 140];
const BLUE: Colour = [0, 103, 184];

/** The screens of the film, by name, at 1024 x 768. */
function screens(dark: Colour, light: Colour): Readonly<Record<string, Buffer>> {
  const draw = (...boxes: readonly Box[]): Buffer => picture(1024, 768, dark, light, boxes);
  const tile: Box = [448, 220, 128, 128, [210, 180, 120]];
  const box: Box = [412, 400, 200, 26, WHITE];
  const page: readonly Box[] = [
    [112, 60, 800, 640, WHITE],
    [112, 60, 800, 48, BLUE],
    [152, 150, 420, 22, [40, 40, 40]],
  ];
  return {
    logon: draw(tile, [462, 362, 100, 16, WHITE], box),
    link: draw(tile, [462, 362, 100, 16, WHITE], box, [456, 440, 112, 12, [180, 220, 255]]),
    userId: draw(...page, [152, 210, 360, 30, [235, 235, 235]], [152, 560, 90, 32, BLUE]),
    methods: draw(
      ...page,
      [152, 210, 260, 14, GREY],
      [152, 240, 260, 14, GREY],
      [460, 210, 300, 60, [240, 240, 240]],
    ),
    code: draw(...page, [152, 230, 300, 30, [235, 235, 235]], [152, 560, 90, 32, BLUE]),
    password: draw(...page, [152, 230, 300, 30, [235, 235, 235]], [152, 300, 300, 30, [235, 235, 235]]),
    done: draw(...page, [152, 230, 22, 22, [16, 124, 16]], [190, 234, 380, 14, GREY]),
    desktop: draw([0, 728, 1024, 40, [20, 30, 50]], [8, 732, 60, 32, [60, 90, 140]]),
  };
}

/** The value of a function that is called at most once. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

export const SCREENS = {
  win7: once(() => screens([20, 70, 120], [120, 180, 220])),
  win8: once(() => screens([24, 0, 82], [38, 20, 110])),
};
