import { expect } from '@playwright/test';
import { PNG } from 'pngjs';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import type { Console } from './console.ts';
import { DamageFeed } from './damage-feed.ts';
import { openConsole, openScreen } from './open.ts';
import type { Picture } from './recording.ts';
import { Screen, type Step } from './screen.ts';
import { startDisplay, type Display } from './testing/display.ts';

/** A logon screen in the look of Windows 7, with a clock-like caret, a box and buttons that tell what they get. */
const PAGE = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; height: 100vh; font: 16px 'Open Sans', sans-serif; color: #fff; overflow: hidden;
    background: linear-gradient(160deg, #0c3f7f, #1d6fb8 35%, #2a86c8 55%, #0d4a8e 80%, #07305f); }
  section { position: absolute; left: 300px; top: 160px; width: 420px; }
  input { display: block; width: 300px; height: 32px; font: inherit; }
  p { margin: 14px 0; } button { font: inherit; padding: 6px 24px; }
  #field { background: #fff; color: #222; padding: 20px; }
</style>
<section><h2>Anna Example</h2><input id="password" type="password" placeholder="Password">
<p id="message">&nbsp;</p><button id="link">Forgot password?</button>
<div id="field"><label>User ID:</label><input id="user"></div></section>
<script>
  const say = (what) => fetch('/say', { method: 'POST', body: JSON.stringify(what) });
  for (const id of ['password', 'user'])
    document.getElementById(id).onchange = (event) => say({ [id]: event.target.value });
  link.onclick = (event) => {
    say({ clicks: event.detail });
    setTimeout(() => (message.textContent = 'Please wait for the second page'), 400);
  };
  onkeydown = ({ key }) => {
    if (key === 'Escape') message.textContent = 'Something went wrong';
    if (key === 'F4') message.textContent = 'Your PC ran into a problem and needs to restart.';
  };
  password.focus();
</script>`;

const within = (ms: number): Deadline => Deadline.in(ms, 'testing the screen');
const long = (): Deadline => within(15_000);

describe('Screen, on a real VNC server with a real page', function () {
  this.timeout(40_000);
  let display: Display;
  let screen: Screen;
  const pictures: Picture[] = [];

  before(async () => {
    display = await startDisplay({ html: PAGE });
    const console = await openConsole(display, long());
    screen = openScreen(console, { language: 'en', record: (picture) => pictures.push(picture) });
    await screen.waitFor({ name: { texts: ['Anna Example'] } }, within(30_000));
  });
  after(async () => {
    await screen.close();
    await display.close();
  });

  /** What the page has told of one thing last. */
  const said = (what: string): unknown =>
    (display.said as Record<string, unknown>[]).findLast((one) => what in one)?.[what];

  it('finds text on a gradient, where it stands, and nothing that is only alike', async () => {
    const link = await screen.find('Forgot password?');
    expect(link?.x).toBeGreaterThan(300);
    expect(link?.x).toBeLessThan(380);
    expect(link?.similarity).toBeGreaterThan(0.9);
    expect(await screen.find('Forgot user name?')).toBeUndefined();
    // The caret of the box beside it may be read as a quotation mark: punctuation does not count.
    const placeholder = await screen.find('Password', { whole: true });
    expect(placeholder?.text).toContain('Password');
    expect(placeholder?.similarity).toBe(1);
  });

  it('clicks what it found, and sees what comes of it', async () => {
    const link = await screen.find('Forgot password?');
    await screen.click(link!, 'the link', long());
    const { name, found } = await screen.waitFor(
      { never: { texts: ['Nothing says this'] }, then: { texts: ['Please wait for the second page'] } },
      long(),
    );
    expect(name).toBe('then');
    expect(found.text).toBe('Please wait for the second page');
    expect(said('clicks')).toBe(1);
  });

  it('never makes a double click of two clicks', async () => {
    const link = await screen.find('Forgot password?');
    await screen.click(link!, 'the link', long());
    await screen.click(link!, 'the link', long());
    await expect.poll(() => display.said.length).toBeGreaterThanOrEqual(3);
    expect(said('clicks')).toBe(1);
  });

  it('types every character of a US keyboard, and no secret into the film', async () => {
    const everything = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    const box = await screen.find('Password', { whole: true });
    await screen.click(box!, 'the password box', long());
    await screen.type(new Secret(everything), { what: 'the password' }, long());
    await screen.press('Tab', long());
    await expect.poll(() => said('password')).toBe(everything);
    await screen.flush();
    expect(pictures.find(({ caption }) => caption === 'types the password')?.action).toBe('type ***');
    expect(pictures.map(({ action }) => action).join()).not.toContain('ABCDEF');
  });

  it('refuses a character without a key before it presses any', async () => {
    const typing = screen.type('anna\u00e9', { what: 'a name' }, long());
    await expect(typing).rejects.toMatchObject({ code: 'no-key-for-character', blame: 'config' });
  });

  it('says what it last saw when time is up', async () => {
    const waiting = screen.waitFor({ never: { texts: ['Nothing says this'] } }, within(1500));
    await expect(waiting).rejects.toMatchObject({ code: 'timed-out' });
    await expect(waiting).rejects.toThrow(/last seen: .*Anna Example/);
  });

  it('is stopped by the bad screens of the caller, unless they are excepted', async () => {
    await screen.press('Escape', long());
    const bad = {
      code: 'gone-wrong',
      blame: 'network',
      remedy: 'x',
      texts: ['Something went wrong'],
      means: 'y',
    } as const;
    const never = { texts: ['Nothing says this'] };
    await expect(screen.waitFor({ never }, long(), { badScreens: [bad] })).rejects.toMatchObject({
      code: 'gone-wrong',
    });
    const name = { texts: ['Anna Example'] };
    const excepted = { badScreens: [bad], despite: ['gone-wrong'] };
    expect(await screen.waitFor({ name }, long(), excepted)).toMatchObject({ name: 'name' });
  });

  it('is stopped at once by a known-bad screen, by its name', async () => {
    await screen.press('F4', long());
    const waiting = screen.waitFor({ never: { texts: ['Nothing says this'] } }, within(30_000));
    await expect(waiting).rejects.toMatchObject({ code: 'blue-screen', blame: 'machine' });
  });

  it('keeps a picture of each step, in order, with where the text was found', async () => {
    await screen.flush();
    const first = pictures[0];
    expect(first).toMatchObject({
      caption: 'sees "Anna Example"',
      lookedFor: 'Anna Example',
      width: 1024,
      height: 768,
    });
    const { width, height, data } = PNG.sync.read(first!.png);
    expect([width, height]).toEqual([1024, 768]);
    const { x, y, height: high } = first!.found!;
    const row = data.subarray(((y + Math.round(high / 2)) * width + x) * 4).subarray(0, 400);
    expect(Math.max(...row.filter((_, i) => i % 4 === 0))).toBeGreaterThan(200);
    expect(pictures.map(({ at }) => at)).toEqual(pictures.map(({ at }) => at).toSorted());
  });
});

describe('Screen, on a console that is behind', () => {
  /** Shows what the keys did so much later, in milliseconds. */
  const LATE = 400;

  it('types in portions, and looks at the picture that came of it', async () => {
    const feed = new DamageFeed(() => undefined);
    const calls: number[] = [];
    let version = 1;
    const behind: Console = {
      lag: 600,
      frames: () => feed,
      frame: () => ({ width: 10, height: 10, data: Buffer.alloc(400, 255), version }),
      keys(events) {
        calls.push(events.length);
        setTimeout(
          () => feed.add({ areas: [{ x: 0, y: 0, width: 10, height: 10 }], version: ++version }),
          LATE,
        );
        return Promise.resolve();
      },
      pointer: () => Promise.resolve(),
      close() {
        feed.end('closed');
        return Promise.resolve();
      },
    };
    const steps: Step[] = [];
    const screen = new Screen({
      console: behind,
      reader: { read: () => Promise.resolve([]), close: () => Promise.resolve() },
      film: { record: (step) => void steps.push(step), flush: () => Promise.resolve() },
    });
    await screen.type('thirteen keys', { what: 'a text' }, long());
    expect(calls).toEqual([24, 2]);
    expect(steps.map(({ frame }) => frame.version)).toEqual([3]);
    await screen.close();
  });
});
