import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { parseDocument } from 'yaml';
import { ROOT } from '../config/lab-state.ts';
import { EXIT_CODE } from '../core/exit-code.ts';

const TEXT = readFileSync(join(ROOT, 'docs/ci.md'), 'utf8');

/** The fenced block beneath a heading. */
const blockOf = (heading: string): string =>
  new RegExp(`^## ${heading}$.*?^\`\`\`\\w+\\n(.*?)^\`\`\`$`, 'ms').exec(TEXT)?.[1] ?? '';

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly bash?: string;
}
interface Recipe {
  readonly on: { schedule: unknown[]; workflow_dispatch: { inputs: object } };
  readonly concurrency: { group: string; 'cancel-in-progress': boolean };
  readonly schedules: unknown[];
  readonly parameters: { name: string }[];
  readonly jobs: Record<string, { 'runs-on': string[]; 'timeout-minutes': number; steps: Step[] }> &
    { job: string; pool: { name: string }; timeoutInMinutes?: number; steps: Step[] }[];
}

function recipe(heading: string): Recipe {
  const document = parseDocument(blockOf(heading), { strict: true, uniqueKeys: true });
  expect(document.errors, heading).toEqual([]);
  return document.toJS() as Recipe;
}

describe('the recipes for CI systems', function () {
  this.timeout(30_000);

  it('name the exit codes that there are, with the right number', () => {
    const rows = [...TEXT.matchAll(/^\| (\d+) +\| (.*?) +\| /gm)].map(([, code, words = '']) => [
      Number(code),
      words,
    ]);
    expect(rows.map(([code]) => code)).toEqual(Object.values(EXIT_CODE));
    for (const [code, words] of [
      [EXIT_CODE.compliant, /^compliant/],
      [EXIT_CODE.notCompliant, /^not compliant/],
      [EXIT_CODE.badUsage, /usage or configuration/],
      [EXIT_CODE.couldNotCheck, /could not be checked/],
      [EXIT_CODE.interrupted, /interrupted/],
    ] as const) {
      expect(rows.find(([number]) => number === code)?.[1]).toMatch(words);
    }
  });

  it('GitHub Actions: nightly and by hand, on a host of its own, one at a time, not for ever', () => {
    const { on, concurrency, jobs } = recipe('GitHub Actions');
    expect(on.schedule).toEqual([{ cron: expect.stringMatching(/^\S+( \S+){4}$/) }]);
    expect(Object.keys(on.workflow_dispatch.inputs)).toEqual(['rollout', 'machines']);
    expect(concurrency).toEqual({ group: 'sspr-vm-host', 'cancel-in-progress': false });
    expect(jobs.compliance).toMatchObject({
      'runs-on': ['self-hosted', 'sspr-vm-host'],
      'timeout-minutes': 180,
    });
  });

  it('Azure Pipelines: the same', () => {
    const { schedules, parameters, jobs } = recipe('Azure Pipelines');
    expect(schedules).toHaveLength(1);
    expect(parameters.map(({ name }) => name)).toEqual(['rollout', 'machines']);
    expect(jobs[0]).toMatchObject({
      job: 'compliance',
      pool: { name: 'sspr-vm-hosts' },
      timeoutInMinutes: 180,
    });
  });

  it('Jenkins: brackets and quotes are closed, and it has what the others have', () => {
    const groovy = blockOf('Jenkins');
    const bare = groovy.replace(/\/\/.*$/gm, '').replace(/'''.*?'''|'[^'\n]*'|"[^"\n]*"/gs, '');
    expect(bare).not.toMatch(/['"]/);
    for (const [open, close] of ['{}', '()', '[]']) {
      expect(bare.split(open!).length, open).toBe(bare.split(close!).length);
    }
    for (const part of [
      'cron(',
      'parameters {',
      'disableConcurrentBuilds()',
      'timeout(',
      'unstable(',
      'junit ',
    ])
      expect(groovy).toContain(part);
  });

  it('write no secret and put nobody’s words into a script', () => {
    for (const [heading, secret] of [
      ['GitHub Actions', '${{ secrets.SSPR_CLIENT_SECRET }}'],
      ['Azure Pipelines', '$(SSPR_CLIENT_SECRET)'],
    ] as const) {
      const values = [...blockOf(heading).matchAll(/SSPR_CLIENT_SECRET: *(.*)$/gm)].map(([, value]) => value);
      expect(new Set(values)).toEqual(new Set([secret]));
      for (const script of scripts(heading)) expect(script, heading).not.toContain('${{');
    }
  });

  /** Every script of a recipe. */
  function scripts(heading: string): string[] {
    const { jobs } = recipe(heading);
    return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run, bash }) => run ?? bash ?? []));
  }

  describe('run, with an npx that ends as it is told', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sspr-ci-'));
    before(() => {
      writeFileSync(join(folder, 'npx'), '#!/bin/sh\necho "npx $*"\nexit "$SAYS"\n');
      chmodSync(join(folder, 'npx'), 0o755);
    });
    after(() => rmSync(folder, { recursive: true }));

    const bash = (script: string, says: number, machines = 'all') => {
      const results = join(folder, `results-${says}`);
      mkdirSync(join(results, 'run-1'), { recursive: true });
      rmSync(join(results, 'latest'), { force: true });
      const outputs = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
      for (const file of Object.values(outputs)) writeFileSync(file, '');
      return new Promise<{ code: number; output: string }>((resolve) => {
        const env = {
          ...outputs,
          PATH: `${folder}:${process.env.PATH ?? ''}`,
          SAYS: String(says),
          SSPR_CONFIG: '/etc/sspr/sspr.yaml',
          SSPR_RESULTS_FOLDER: results,
          MACHINES: machines,
          ROLLOUT: 'change 7; exit 0',
        };
        // As both systems do.
        execFile('bash', ['-e', '-c', script], { env }, (error, stdout) => {
          const written = Object.values(outputs).map((file) => readFileSync(file, 'utf8'));
          resolve({ code: error ? Number(error.code) : 0, output: [stdout, ...written].join('\n') });
        });
      });
    };

    for (const heading of ['GitHub Actions', 'Azure Pipelines']) {
      it(`${heading}: 1 and 2 fail, 3 warns, and only 0 is compliant`, async () => {
        const script = scripts(heading).find((one) => one.includes('npx sspr run')) ?? '';
        for (const [says, code, verdict] of [
          [EXIT_CODE.compliant, 0, 'compliant'],
          [EXIT_CODE.notCompliant, 1, 'not compliant'],
          [EXIT_CODE.badUsage, 2, 'did not run'],
          [EXIT_CODE.couldNotCheck, 0, 'could not check'],
          [EXIT_CODE.interrupted, 130, 'did not run'],
        ] as const) {
          const ended = await bash(script, says);
          expect(ended.code, `${says}`).toBe(code);
          expect(ended.output).toMatch(new RegExp(`verdict(=|;isOutput=true\\])${verdict}$`, 'm'));
          expect(ended.output.includes('warning'), `${says}`).toBe(says === EXIT_CODE.couldNotCheck);
          expect(ended.output).toContain('npx sspr run --config /etc/sspr/sspr.yaml');
        }
        expect((await bash(script, 0, 'win7 win81')).output).toContain('npx sspr run win7 win81 --config');
      });

      it(`${heading}: the doctor stops the job at 2 only`, async () => {
        const script = scripts(heading).find((one) => one.includes('npx sspr doctor')) ?? '';
        for (const [says, code] of [
          [EXIT_CODE.compliant, 0],
          [EXIT_CODE.badUsage, 1],
          [EXIT_CODE.couldNotCheck, 0],
        ] as const) {
          expect((await bash(script, says)).code, `${says}`).toBe(code);
        }
      });
    }
  });
});

describe('every command line in the documents', function () {
  this.timeout(60_000);
  const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))];
  const lines = documents
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      [...readFileSync(join(ROOT, name), 'utf8').matchAll(/npx sspr ([^\n`|#)]*)/g)].map(([, line = '']) => ({
        name,
        words: line.trim().split(/\s+/),
      })),
    );

  it('names a command and options that there are', () => {
    expect(lines.length).toBeGreaterThan(10);
    const help = new Map<string, string>();
    const helpOf = (command: string): string => {
      const known = help.get(command);
      if (known !== undefined) return known;
      const args = [join(ROOT, 'harness/cli/sspr.js'), ...command.split(' ').filter(Boolean), '--help'];
      const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
      help.set(command, text);
      return text;
    };
    const commands = [...helpOf('').matchAll(/^ {2}([a-z]+) \[?/gm)].map(([, command]) => command);
    for (const { name, words } of lines) {
      const [command = '', ...rest] = words;
      const isCommand = /^[a-z]+$/.test(command);
      if (isCommand) expect(commands, `${name}: npx sspr ${words.join(' ')}`).toContain(command);
      for (const word of isCommand ? rest : words) {
        const option = /^--[a-z-]+/.exec(word)?.[0];
        if (option === undefined) continue;
        const whole = command === 'learn' ? `${command} ${rest[0] ?? ''}` : command;
        const text = helpOf(isCommand ? whole : '');
        expect(text, `${name}: npx sspr ${words.join(' ')}`).toMatch(new RegExp(`${option}\\b`));
      }
    }
  });
});
