import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, expect, type Browser, type Locator, type Page } from '@playwright/test';
import { readJournal } from '../../core/journal.ts';
import { EXAMPLE_CATALOGUE } from '../example/catalogue.ts';
import { HOSTILE, testFolder } from '../example/folder.ts';
import { TROUBLED_WAIVERS, writeExample, type ExampleOptions } from '../example/journal.ts';
import { writeReports } from '../write-reports.ts';
import { relativeLink } from './matrix.ts';

interface Opened {
  readonly page: Page;
  /** Addresses that the page asked for, beside its own. */
  readonly requests: string[];
  /** What the browser complained of: violations of the policy, errors of the script. */
  readonly complaints: string[];
  readonly file: string;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const distanceToNearest = ({ x, y }: Point, others: readonly Point[]): number =>
  Math.min(...others.map((other) => Math.hypot(other.x - x, other.y - y)));

/** In the page: where strokes of the time line end, and where its dots of pairs are, in pixels. */
const STROKES = `(() => {
  const lines = [...document.querySelectorAll('#trail .band line')];
  const ends = lines.flatMap((line) => {
    const box = line.ownerSVGElement.getBoundingClientRect();
    const at = (x, y) => ({ x: box.left + line[x].baseVal.value, y: box.top + line[y].baseVal.value });
    return [at('x1', 'y1'), at('x2', 'y2')];
  });
  const dots = [...document.querySelectorAll('#trail .did:has(time), #trail .wrote:has(time)')].map((cell) => {
    const box = cell.getBoundingClientRect();
    const { top } = getComputedStyle(cell, '::after');
    return { x: cell.matches('.did') ? box.right + 1 : box.left - 1, y: box.top + parseFloat(top) + 6 };
  });
  return { ends, dots };
})()`;

/** Puts pairs of an action and an entry at these times, in milliseconds, into the journal in a folder. */
function retell(folder: string, times: readonly (readonly [action: number, entry: number])[]): void {
  const utc = (ms: number): string => new Date(Date.UTC(2026, 10, 21) + ms).toISOString();
  const lines = readJournal(folder).map((event) => {
    const row = event.type === 'timeline' && event.rows.find(({ action, entry }) => action && entry);
    if (event.type !== 'timeline' || !row || !row.action || !row.entry) return event;
    const { action, entry } = row;
    const rows = times.map(([done, written]) => ({
      ...row,
      action: { ...action, tenantAt: utc(done) },
      entry: { ...entry, at: utc(written) },
    }));
    return { ...event, rows };
  });
  writeFileSync(join(folder, 'events.jsonl'), lines.map((line) => JSON.stringify(line) + '\n').join(''));
}

describe('report.html', function () {
  this.timeout(60_000);
  const folder = testFolder();
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(() => browser.close());
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  const open = async (options: ExampleOptions, width = 1280, spoil?: () => void): Promise<Opened> => {
    writeExample(folder(), options);
    spoil?.();
    const { files } = await writeReports(folder(), EXAMPLE_CATALOGUE);
    const url = pathToFileURL(files.html).href;
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) requests.push(request.url());
    });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    await page.goto(url);
    return { page, requests, complaints, file: files.html };
  };

  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth');

  it('asks for nothing, keeps to its policy, and says LAB in its title and to machines', async () => {
    const { page, requests, complaints, file } = await open({ troubled: true });
    await expect(page).toHaveTitle(/^LAB - not a sign-off: Not compliant/);
    await expect(page.locator('meta[name="sspr:lab"]')).toHaveAttribute('content', 'true');
    await expect(page.locator('meta[name="sspr:sign-off"]')).toHaveAttribute('content', 'false');
    await expect(page.locator('.lab')).toContainText('LAB - not a sign-off');
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
    expect(statSync(file).size).toBeLessThan(2_000_000);
  });

  it('does not say LAB of a run on real machines', async () => {
    const { page } = await open({ lab: false });
    await expect(page).toHaveTitle(/^Compliant/);
    await expect(page.locator('.lab')).toHaveCount(0);
    await expect(page.locator('meta[name="sspr:lab"]')).toHaveAttribute('content', 'false');
  });

  it('has a cell in words for each control and machine', async () => {
    const { page } = await open({ troubled: true });
    await expect(page.locator('.cell')).toHaveCount(3 * 41);
    const row = page.locator('details.row', { hasText: 'tls.client-enabled' });
    await expect(row.locator('.cell')).toHaveText([/win7\s*fail/, /win8\s*pass/, /win81\s*pass/]);
  });

  it('lists what is not met and what could not be checked, with what to do', async () => {
    const { page } = await open({ troubled: true });
    const attention = page.locator('#attention');
    await expect(attention).toContainText('Create SCHANNEL\\Protocols\\TLS 1.2\\Client with Enabled = 1');
    await expect(attention.locator('.finding.error')).toHaveCount(1);
    await expect(attention.locator('.finding.error li')).toHaveCount(4);
    await expect(attention).toContainText('flaky: fail, then pass');
  });

  it('opens a row by keyboard and from a link, with evidence, reason and source', async () => {
    const { page } = await open({ troubled: true });
    const row = page.locator('details.row', { hasText: 'tls.client-enabled' });
    await row.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect(row.locator('.open')).toBeVisible();
    await expect(row.locator('.judged.fail')).toContainText('Enabled = 0');
    await expect(row.locator('.judged.pass pre').first()).toContainText('"state": "present"');
    await expect(row.locator('.about')).toContainText('English document, line 29');
    await expect(row.locator('.about')).toContainText('observed on the machine');
    await page.locator('#attention a', { hasText: 'The record names the IP address' }).click();
    await expect(page.locator('details.row', { hasText: 'audit.ip' })).toHaveAttribute('open', '');
  });

  it('narrows the rows down to those that are not met', async () => {
    const { page } = await open({ troubled: true });
    await page.locator('label[for="filter-failed"]').click();
    await expect(page.locator('details.row:visible')).toHaveCount(1);
    await expect(page.locator('.family:visible')).toHaveCount(1);
  });

  it('shows the film with a box where it was found, enlarged and turned by keys', async () => {
    const { page, complaints } = await open({});
    const figure = page.locator('figure').nth(1);
    await expect(figure).toContainText('Looked for Forgot password?: found at 450, 434 (97 %)');
    const box = await figure.locator('rect.found').boundingBox();
    const screen = await figure.locator('svg').boundingBox();
    expect((box!.x - screen!.x) / screen!.width).toBeCloseTo(446 / 1024, 1);
    await figure.locator('button').click();
    await expect(page.locator('#viewer')).toContainText('The user is chosen');
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('#viewer')).toContainText('Get back into your account');
    await page.keyboard.press('Escape');
    await expect(page.locator('#viewer')).toBeHidden();
    expect(complaints).toEqual([]);
  });

  it('holds a picture once, however often it was seen', async () => {
    const { file } = await open({});
    const embedded = readFileSync(file, 'utf8').match(/data:image\/png;base64,/g)!;
    // Eight screens in two looks; one of them is seen twice in each film, and two machines look alike.
    expect(embedded).toHaveLength(16);
  });

  it('says so when a picture is missing or not the one of the run', async () => {
    const { page } = await open({}, 1280, () => {
      rmSync(join(folder(), 'win7/film/01.png'));
      writeFileSync(join(folder(), 'win7/film/02.png'), 'other');
    });
    await expect(page.locator('figure').nth(0)).toContainText('The picture is missing');
    await expect(page.locator('figure').nth(1)).toContainText('The picture was altered after the run');
  });

  for (const width of [390, 320, 1280]) {
    it(`fits into ${width} pixels, also with every row open`, async () => {
      const { page } = await open({ troubled: true, hostile: 'w'.repeat(400) }, width);
      expect(await widthOf(page)).toBe(width);
      await page.evaluate('document.querySelectorAll("details").forEach((each) => { each.open = true })');
      expect(await widthOf(page)).toBe(width);
    });
  }

  it('leaves hostile text inert', async () => {
    const { page, requests, complaints } = await open({ hostile: HOSTILE });
    await page.evaluate('document.querySelectorAll("details").forEach((each) => { each.open = true })');
    await expect(page.locator('img')).toHaveCount(0);
    await expect(page).not.toHaveTitle(/taken/);
    await expect(page.locator('#attention')).toContainText(
      '</script></style><img src="http://127.0.0.1:9/x"',
    );
    const links = await page
      .locator('.evidence a')
      .evaluateAll((all) => all.map((each) => (each as unknown as { protocol: string }).protocol));
    expect([...new Set(links)]).toEqual(['file:']);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  describe('the time line', () => {
    const linesOf = (page: Page, machine: number): Locator =>
      page.locator('.trail').nth(machine).locator('tbody tr');

    it('has actions and entries side by side, with the difference, the delay and the clock', async () => {
      const { page } = await open({ unrecorded: true });
      const win7 = page.locator('.trail').first();
      await expect(win7.locator('> summary')).toContainText('Matched');
      await expect(win7.locator('> summary')).toContainText('readable at most 4.2 s after it was written');
      await expect(win7).toContainText(
        "The tenant's clock is 3.2 s ahead of this host's, ± 0.6 s; taken out.",
      );
      await expect(linesOf(page, 0)).toHaveCount(9);
      await expect(linesOf(page, 0).nth(0).locator('td')).toHaveText([/chooses the user/, '', 'no entry']);
      await expect(linesOf(page, 0).nth(2).locator('td')).toHaveText([
        /gives the user ID\s*09:30:44\.510/,
        /6\.3 s later\s*\+0\.4 s/,
        /09:30:44\.920\s*User submitted their user ID/,
      ]);
      await expect(linesOf(page, 0).nth(3).locator('td').first()).toHaveText('follows by itself');
      await expect(page.locator('.trail').nth(2).locator('> summary')).toContainText('Missing');
      await expect(linesOf(page, 2).last()).toContainText('sees that the password has been reset');
      await expect(linesOf(page, 2).last().locator('i')).toHaveText('no entry');
    });

    it('is a table for those who listen, whose entries open by keyboard', async () => {
      const { page } = await open({});
      const table = page.getByRole('table', {
        name: "win7: actions and entries in the order of the tenant's clock",
      });
      await expect(table.getByRole('columnheader')).toHaveText([
        'Done at the console',
        'Difference',
        'Written down by the tenant',
      ]);
      await expect(table.getByRole('row')).toHaveCount(10);
      await table.locator('summary').first().focus();
      await page.keyboard.press('Enter');
      await expect(table.locator('dl').first()).toBeVisible();
      await expect(table.locator('dl').first().locator('dd')).toHaveText([
        'Self-service password reset flow activity progress',
        '5d1c4a2e-0000-4000-8000-000000000000',
        '127.20.0.1',
        'WindowsLogon',
        "09:30:45.920 by this host's clock",
        /^SSPR_/,
      ]);
    });

    it('draws each stroke from dot to dot, on one line and over several', async () => {
      // Their actions and entries, in milliseconds: the second pair is split by the third and the fourth.
      const times = [
        [0, 600],
        [2000, 9000],
        [4000, 3990],
        [5000, 8000],
        [12_000, 12_000],
      ] as const;
      const { page } = await open({ machines: ['win7'] }, 1280, () => retell(folder(), times));
      const { ends, dots } = await page.evaluate<{ ends: Point[]; dots: Point[] }>(STROKES);
      expect(dots).toHaveLength(2 * times.length);
      for (const dot of dots) expect(distanceToNearest(dot, ends)).toBeLessThan(3);
      // What does not end at a dot goes on where the next line begins.
      const between = ends.filter((end) => distanceToNearest(end, dots) >= 3);
      expect(between).toHaveLength(2 * 3);
      for (const end of between) {
        const others = between.filter((other) => other !== end);
        expect(distanceToNearest(end, others)).toBeLessThan(2);
      }
    });

    it('marks what is from before the click as earlier, and shows the last three of it', async () => {
      const { page } = await open({ strangers: 30, earlier: 15 });
      const win8 = page.locator('.trail').nth(1);
      await expect(win8.locator('> summary')).toContainText('30 entries of somebody else');
      await expect(page.locator('tr.foreign:visible')).toHaveCount(30);
      const earlier = page.locator('tr.earlier:visible');
      await expect(earlier).toHaveCount(3);
      await expect(earlier.first().locator('.whose')).toHaveText('earlier');
      await expect(earlier.first()).toContainText('before the click');
      await expect(linesOf(page, 1).first()).toHaveText(/^\s*12 earlier entries, in [\d.]+ s\s*$/);
      await page.getByLabel('Show 12 earlier entries').focus();
      await page.keyboard.press('Space');
      await expect(earlier).toHaveCount(15);
    });

    it('tells what is of somebody else, and shows a hundred of it until all is wanted', async () => {
      const { page, file } = await open({ strangers: 200, earlier: 0 });
      await expect(page.locator('.trail').nth(1).locator('> summary')).toContainText(
        '200 entries of somebody else',
      );
      const foreign = page.locator('tr.foreign:visible');
      await expect(foreign).toHaveCount(100);
      await expect(foreign.first()).toContainText('somebody else');
      await expect(foreign.first()).toContainText('no action of ours');
      await expect(page.locator('.fold:visible')).toHaveText(
        /100 more entries of somebody else, in \d+ min \d\d s/,
      );
      await page.getByLabel('Show 100 more entries of somebody else').focus();
      await page.keyboard.press('Space');
      await expect(foreign).toHaveCount(200);
      await expect(page.locator('.fold:visible')).toHaveCount(0);
      const whole = statSync(file).size;
      const { file: without } = await open({ strangers: 0, earlier: 0 });
      expect((whole - statSync(without).size) / 200, 'bytes for an entry').toBeLessThan(1200);
    });

    it('shows all of it on paper', async () => {
      const { page } = await open({ strangers: 130 });
      await page.emulateMedia({ media: 'print' });
      await expect(page.locator('tr.foreign:visible')).toHaveCount(130);
      await expect(page.locator('tr.earlier:visible')).toHaveCount(5);
      await expect(page.locator('.unfold:visible, .fold:visible')).toHaveCount(0);
    });

    it('is left out of a report of a run without', async () => {
      const { page, complaints } = await open({ withoutTimelines: true });
      await expect(page.locator('#trail, nav a[href="#trail"]')).toHaveCount(0);
      expect(complaints).toEqual([]);
    });

    it('has hostile text of the tenant as text', async () => {
      const { page, complaints, requests } = await open({ hostile: HOSTILE });
      const entry = page.locator('.wrote').nth(2);
      await expect(entry.locator('.what')).toContainText('</script></style><img src="http://127.0.0.1:9/x"');
      await expect(page.locator('.trail > summary').first()).toContainText('</style><img');
      await expect(page.locator('#trail img, #trail script')).toHaveCount(0);
      expect([complaints, requests]).toEqual([[], []]);
    });
  });

  describe('the waivers', () => {
    it('stand before all else, with owner, reason, day, machines and what somebody should do', async () => {
      const { page } = await open({ troubled: true, waivers: TROUBLED_WAIVERS });
      await expect(page.locator('main > section').nth(1)).toHaveAttribute('id', 'waivers');
      await expect(page.locator('nav a').first()).toHaveAttribute('href', '#waivers');
      const cards = page.locator('.waiver');
      await expect(cards).toHaveCount(TROUBLED_WAIVERS.length);
      await expect(cards.nth(0).locator('.state')).toHaveText('in force, and needed');
      await expect(cards.nth(0).locator('dd')).toHaveText([
        'Quality, Anna Berg',
        /^This version/,
        '2027-03-31, UTC',
        'win8',
        'not met on win8',
      ]);
      await expect(cards.nth(1).locator('.doubts li')).toHaveText([
        /^Over-broad For all machines, but only on win7/,
        /^Over-broad In force until 2027-12-31/,
      ]);
      await expect(cards.nth(2)).toContainText('Expired Not in force since 2026-11-01');
      await cards.nth(0).locator('a').click();
      await expect(page.locator('details.row', { hasText: 'logging.machine-event' })).toHaveAttribute(
        'open',
        '',
      );
    });

    it('name their owner in the matrix, whose cells look like no others also without colour', async () => {
      const { page } = await open({});
      const row = page.locator('details.row', { hasText: 'logging.machine-event' });
      await expect(row.locator('.cell')).toHaveText([
        /win7\s*pass/,
        /win8\s*waived\s*by Quality, Anna Berg/,
        /win81\s*pass/,
      ]);
      const borders = await page.evaluate(
        `[...document.getElementById('control-logging.machine-event').querySelectorAll('.cell')].map(
          (cell) => getComputedStyle(cell).borderTopStyle)`,
      );
      expect(borders).toEqual(['none', 'dashed', 'none']);
      await row.locator('summary').click();
      await expect(row.locator('.judged.waived')).toContainText(
        'Waived by Quality, Anna Berg until 2027-03-31',
      );
      await expect(row.locator('.judged.waived')).toContainText('an entry since the reset');
      await expect(page.locator('.lede')).toContainText('met or waived on all 3 machines');
      await expect(page.locator('#attention')).toContainText('Nothing else was found that is not met.');
    });

    it('fit into 390 pixels, and are on paper too', async () => {
      const { page } = await open({ troubled: true, waivers: TROUBLED_WAIVERS }, 390);
      expect(await widthOf(page)).toBe(390);
      await page.emulateMedia({ media: 'print' });
      await expect(page.locator('.waiver:visible .doubts:visible')).toHaveCount(5);
      await expect(page.getByText('Who signs this report signs these as well')).toBeVisible();
    });

    it('are left out of a report of a run without', async () => {
      const { page, complaints } = await open({ waivers: 'none' });
      await expect(page.locator('#waivers, nav a[href="#waivers"]')).toHaveCount(0);
      expect(complaints).toEqual([]);
    });

    it('have hostile text as text', async () => {
      const { page, complaints, requests } = await open({ hostile: HOSTILE });
      await expect(page.locator('.waiver dd').first()).toContainText('</script></style><img src="http://127');
      await expect(page.locator('.cell .by')).toContainText('</script></style><img src="http://127');
      await expect(page.locator('#waivers img, #waivers script, .cell img')).toHaveCount(0);
      expect([complaints, requests]).toEqual([[], []]);
    });
  });

  it('tells what it has of a run that broke off', async () => {
    const { page } = await open({ cut: 'unfinished' });
    await expect(page.locator('h1')).toHaveText('Interrupted');
    await expect(page.locator('.machine').nth(1)).toContainText('the journal breaks off');
    await expect(page.locator('#attention .finding.error')).not.toHaveCount(0);
  });

  it('opens everything for paper', async () => {
    const { page } = await open({ troubled: true });
    await page.pdf({ path: join(folder(), 'report.pdf') });
    expect(await page.locator('details:not([open])').count()).toBe(0);
  });

  it('makes of any path a link below its own folder', () => {
    expect(relativeLink('javascript:alert(1)')).toBe('./javascript%3Aalert(1)');
    expect(relativeLink('//host/win7\\a b.log')).toBe('.///host/win7/a%20b.log');
  });
});
