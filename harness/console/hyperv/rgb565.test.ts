import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { openConsole } from '../open.ts';
import { startDisplay, type Display } from '../testing/display.ts';
import { toRgb565 } from '../testing/hyperv.ts';
import { findText, openTextReader, type TextReader } from '../text.ts';
import { fromRgb565 } from './rgb565.ts';

describe('A picture of 16 bits a pixel', () => {
  it('keeps black, white and the pure colours', () => {
    const packed = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00]);
    const { data } = fromRgb565(5, 1, packed);
    expect([...data]).toEqual([
      ...[0, 0, 0, 255],
      ...[255, 255, 255, 255],
      ...[255, 0, 0, 255],
      ...[0, 255, 0, 255],
      ...[0, 0, 255, 255],
    ]);
  });

  it('is never further off than the bits it lacks', () => {
    const colours = Buffer.from(Array.from({ length: 256 }, (_, i) => [i, i, i, 255]).flat());
    const { data } = fromRgb565(256, 1, toRgb565(colours));
    const off = Math.max(...data.map((value, i) => Math.abs(value - (colours[i] ?? 0))));
    expect(off).toBeLessThanOrEqual(7);
  });
});

/** The look of Windows 7's logon screen: small light text on a gradient, the hardest to read. */
const PAGE = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; height: 100vh; color: #fff; font: 14px 'Open Sans', sans-serif; overflow: hidden;
    background: linear-gradient(160deg, #0c3f7f, #1d6fb8 35%, #2a86c8 55%, #0d4a8e 80%, #07305f); }
  section { position: absolute; left: 300px; top: 160px; width: 420px; }
  p { margin: 14px 0; } small { font-size: 12px; }
</style><section><h2>Anna Example</h2><p>Forgot password?</p><p><small>Reset your password on this page</small></p>
<p>The user name or password is incorrect.</p></section>`;

describe('The reader, on a picture of 16 bits a pixel', function () {
  this.timeout(40_000);
  let display: Display;
  let reader: TextReader;
  before(async () => {
    display = await startDisplay({ html: PAGE });
    reader = openTextReader();
  });
  after(async () => {
    await reader.close();
    await display.close();
  });

  it('reads every line as on the true one', async () => {
    const console = await openConsole(display, Deadline.in(10_000, 'testing the reader'));
    const texts = [
      'Anna Example',
      'Forgot password?',
      'Reset your password on this page',
      'The user name or password is incorrect.',
    ];
    const missing = async (packed: boolean): Promise<string[]> => {
      const frame = console.frame();
      const { width, height, data } = frame;
      const seen = packed ? { ...frame, ...fromRgb565(width, height, toRgb565(data)) } : frame;
      const lines = await reader.read(seen);
      return texts.filter((text) => findText(lines, text).length === 0);
    };
    await expect.poll(() => missing(false), { timeout: 20_000 }).toEqual([]);
    expect(await missing(true)).toEqual([]);
    await console.close();
  });
});
