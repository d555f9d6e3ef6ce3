import { expect } from '@playwright/test';
import { PNG } from 'pngjs';
import { picture } from '../example/picture.ts';
import { shrink } from './shrink.ts';

/** A picture that PNG can't compress well: every pixel differs a little from the next, in many colours. */
function rich(): Buffer {
  const png = new PNG({ width: 320, height: 240 });
  for (let i = 0; i < 320 * 240; i++) {
    const [x, y] = [i % 320, Math.floor(i / 320)];
    png.data.set([(x * 0.8) & 255, y & 255, ((x * y) >> 4) & 255, 255], i * 4);
  }
  return PNG.sync.write(png);
}

describe('a picture made smaller', () => {
  it('stays as it is when it is small already, and is none when it is no PNG', () => {
    const small = picture(200, 100, [0, 0, 0], [9, 9, 9], []);
    expect(shrink(small)).toBe(small);
    expect(shrink(Buffer.from('GIF89a'))).toBeUndefined();
  });

  it('takes fewer bytes, and looks alike', () => {
    const original = rich();
    const small = shrink(original)!;
    expect(small.length).toBeLessThan(original.length / 1.5);
    const [before, after] = [PNG.sync.read(original), PNG.sync.read(small)];
    expect([after.width, after.height]).toEqual([320, 240]);
    const off =
      before.data.reduce((sum, value, i) => sum + Math.abs(value - after.data[i]!), 0) / before.data.length;
    expect(off).toBeLessThan(8);
  });

  it('keeps the colours of flat areas exactly', () => {
    const original = PNG.sync.read(rich());
    for (let i = 0; i < 320 * 120; i++) original.data.set([0, 103, 184, 255], i * 4);
    const small = PNG.sync.read(shrink(PNG.sync.write(original))!);
    expect([...small.data.subarray(0, 4)]).toEqual([0, 103, 184, 255]);
  });
});
