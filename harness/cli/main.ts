import { Command, CommanderError, Option } from 'commander';
import { EXIT_CODE } from '../core/exit-code.ts';
import { toFault } from '../core/errors.ts';
import { accounts } from './accounts.ts';
import { alone } from './alone.ts';
import { doctor } from './doctor.ts';
import { endpoints } from './endpoints.ts';
import { exitCodeFor, renderFailure } from './failure.ts';
import { init } from './init.ts';
import { learnCaptions, type LearnCaptionsOptions } from './learn/learn-captions.ts';
import { learnClientTypes, type LearnOptions } from './learn.ts';
import { down, up } from './lifecycle.ts';
import { prove, type ProveOptions } from './prove.ts';
import { report } from './report.ts';
import { run } from './run.ts';

const STORY = `
The story, on the embedded lab (no Windows licence, no tenant):

  npx sspr run                      the whole job on win7, win8 and win81, side by side
  npx sspr run win7                 ... on one machine
  open test-results/latest/report.html

Look into it, step by step:

  npx sspr up win7 win81            bring two machines up and leave them up
  npx sspr endpoints win7 --json    how to reach one: WinRM, VNC, tenant, portal, proxy
  npx sspr run win7 --as-is         check it as it stands, whatever you did to it
  npx sspr run win7 --stage facts --as-is
                                    ... only a stage or two of it
  npx sspr down                     take everything down again
  npx sspr prove                    seed faults, and see that each is caught by the control that names it

Your own machines and tenant:

  npx sspr init                     writes sspr.yaml, every key explained
  npx sspr doctor                   checks what a run needs, before anything is touched
  npx sspr run                      asks at this terminal for codes that only a person gets
  npx sspr accounts                 which test users are free, and what was tried with them
  npx sspr learn client-types       after the first good run: pins what the audit log has shown
  npx sspr learn captions win7      where a machine's screens say something else than was expected

Exit codes: 0 compliant, 1 not compliant, 2 wrong usage or configuration, 3 could not be checked, 130 interrupted.
`;

const collect = (value: string, previous: string[]): string[] => [...previous, value];

function commandLine(signal: AbortSignal): Command {
  const config = new Option(
    '-c, --config <file>',
    'configuration, or the word lab (default: sspr.yaml if it exists, else the lab)',
  );
  const program = new Command('sspr')
    .description(
      'Proves that self-service password reset works at the logon screen of your Windows 7, 8 and 8.1 machines, before you roll it out.',
    )
    .addHelpText('after', STORY)
    .showHelpAfterError('(npx sspr --help tells the whole story)')
    .exitOverride();

  const ends =
    (work: (...args: never[]) => Promise<number> | number) =>
    async (...args: unknown[]) => {
      process.exitCode = await work(...(args as never[]));
    };

  program
    .command('run')
    .description('the whole job, or some stages of it')
    .argument('[machine...]', 'machines of the configuration; all when none is named')
    .option('-s, --stage <stage>', 'only this stage (may be given several times)', collect, [])
    .option('--as-is', 'take running machines as they are: no up, no snapshot, no restore', false)
    .option('--keep', 'leave the machines and the lab up afterwards', false)
    .addOption(config)
    .action(
      ends((machines: string[], options: Parameters<typeof run>[1]) =>
        alone(() => run(machines, options, signal)),
      ),
    );

  program
    .command('up')
    .description('bring machines up (and the lab, when they are the lab’s) and leave them up')
    .argument('[machine...]', 'machines of the configuration; all when none is named')
    .addOption(config)
    .action(
      ends((machines: string[], options: { config?: string }) => alone(() => up(machines, options, signal))),
    );

  program
    .command('down')
    .description('destroy the lab’s machines and stop the lab; halt real machines')
    .addOption(config)
    .action(ends((options: { config?: string }) => alone(() => down(options))));

  program
    .command('endpoints')
    .description('how to reach a running machine and its tenant; passwords only with --json')
    .argument('<machine>')
    .option('--json', 'for programs, with the passwords', false)
    .addOption(config)
    .action(
      ends((machine: string, options: { json: boolean; config?: string }) =>
        endpoints(machine, options, signal),
      ),
    );

  program
    .command('doctor')
    .description('check what a run needs, before anything is touched')
    .addOption(config)
    .action(ends((options: { config?: string }) => doctor(options, signal)));

  program
    .command('accounts')
    .description('what was tried with the test users on this host, when they are free, and who has them')
    .option('--json', 'for programs', false)
    .addOption(config)
    .action(ends((options: { json: boolean; config?: string }) => accounts(options)));

  program
    .command('learn')
    .description('take over what a run or a machine has shown')
    .addCommand(
      new Command('captions')
        .description(
          'the wording of a running machine’s screens, page by page, as a file for the key captions',
        )
        .argument('<machine>', 'a machine of the configuration that is up')
        .option(
          '--page <page>',
          'what its console shows; asked for at the terminal (several times)',
          collect,
          [],
        )
        .option('--caption <key=line>', 'which line is which caption, instead of being asked', collect, [])
        .option('--language <language>', 'default: that of the machine in the configuration')
        .option('--out <file>', 'where to write (default: captions-LANGUAGE.yaml)')
        .option('--force', 'change a file that is there: learnt keys replace its own, others stay', false)
        .addOption(config)
        .exitOverride()
        .action(
          ends((machine: string, options: LearnCaptionsOptions) => learnCaptions(machine, options, signal)),
        ),
    )
    .addCommand(
      new Command('client-types')
        .description('the ClientType values of audit entries that were matched with our own resets')
        .argument('[folder]', 'folder of the run (default: test-results/latest)')
        .option('--print', 'print what would change, and change nothing', false)
        .option('--from-lab', 'also from a run of the lab, whose values are invented', false)
        .addOption(config)
        .exitOverride()
        .action(
          ends((folder: string | undefined, options: LearnOptions) => learnClientTypes(folder, options)),
        ),
    );

  program
    .command('report')
    .description('derive the reports of a run again from its events')
    .argument('[folder]', 'folder of the run (default: test-results/latest)')
    .action(ends((folder: string | undefined) => report(folder)));

  program
    .command('prove')
    .description(
      'seed faults into labs of its own, and prove that each is caught by the controls that should',
    )
    .option('--only <id>', 'only this fault (may be given several times)', collect, [])
    .option('--json', 'print prove.json; the progress goes to stderr', false)
    .option('--jobs <number>', 'how many labs side by side (default: by memory and processors)')
    .action(ends((options: ProveOptions) => prove(options, signal)));

  program
    .command('init')
    .description('write sspr.yaml for real machines and a real tenant')
    .option('--print', 'print it instead', false)
    .action(ends((options: { print: boolean }) => init(options)));

  return program;
}

/** Ctrl-C and SIGTERM cancel what is going on; whoever works then tidies up. */
function cancellation(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => abort.abort());
  return abort.signal;
}

// Who read along has gone (`| head`, a terminal that was closed): the work goes on, and its reports are written.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await commandLine(cancellation()).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_CODE.compliant : EXIT_CODE.badUsage;
  } else {
    process.stderr.write(renderFailure(error));
    process.exitCode = exitCodeFor(toFault(error));
  }
}
