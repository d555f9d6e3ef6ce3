import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EXAMPLE_CATALOGUE } from './example/catalogue.ts';
import { HOSTILE, testFolder } from './example/folder.ts';
import { TROUBLED_WAIVERS, writeExample, type ExampleOptions } from './example/journal.ts';
import { resultsSchema } from './model.ts';
import { readResults, writeReports } from './write-reports.ts';

const SCHEMA_FILE = new URL('results.schema.json', import.meta.url);
const readJson = (file: string | URL): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('results.schema.json', () => {
  it('is in step with the model (if not: UPDATE_SCHEMA=1 npx mocha harness/report/write-reports.test.ts)', () => {
    if (process.env.UPDATE_SCHEMA === '1') writeFileSync(SCHEMA_FILE, resultsSchema());
    expect(readJson(SCHEMA_FILE)).toEqual(JSON.parse(resultsSchema()));
  });
});

describe('reports of a run', () => {
  const folder = testFolder();
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(readJson(SCHEMA_FILE) as object);

  const runs: Readonly<Record<string, ExampleOptions>> = {
    'that passes': {},
    'with a failure and a control that could not be checked': { troubled: true },
    'that was interrupted': { cut: 'aborted' },
    'of which a process died': { cut: 'died' },
    'whose journal breaks off': { cut: 'unfinished' },
    'with hostile text': { hostile: HOSTILE },
    'with a reset that the tenant has not written down': { unrecorded: true },
    'from before there were time lines': { withoutTimelines: true },
    'with every trouble with waivers': { troubled: true, waivers: TROUBLED_WAIVERS },
    'from before there were waivers': { waivers: 'none' },
    'of no machine': { machines: [] },
  };
  for (const [what, options] of Object.entries(runs)) {
    it(`has a results.json by its schema, of a run ${what}`, async () => {
      writeExample(folder(), options);
      const { results, files } = await writeReports(folder(), EXAMPLE_CATALOGUE);
      const written = readJson(files.results);
      expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
      expect(written).toEqual(results);
      expect(existsSync(files.html) && existsSync(files.junit)).toBe(true);
    });
  }

  it('has a schema that refuses what it does not know and what is missing', () => {
    writeExample(folder());
    const results = readResults(folder(), EXAMPLE_CATALOGUE);
    expect(validate({ ...results, verdict: 'fine' })).toBe(false);
    expect(validate({ ...results, more: 1 })).toBe(false);
    expect(validate({ ...results, lab: undefined })).toBe(false);
  });

  it('leaves out a last line that was cut short', () => {
    writeExample(folder(), { cut: 'unfinished' });
    const before = readResults(folder(), EXAMPLE_CATALOGUE);
    appendFileSync(join(folder(), 'events.jsonl'), '{"seq":999,"type":"contr');
    expect(readResults(folder(), EXAMPLE_CATALOGUE)).toEqual(before);
  });

  it('refuses a folder that holds no run', () => {
    expect(() => readResults(folder(), EXAMPLE_CATALOGUE)).toThrow(
      expect.objectContaining({ code: 'no-journal' }),
    );
  });
});
