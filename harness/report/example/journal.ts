import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepFile, type Evidence, type Recorded, type RunEvent, type Waiver } from '../../core/journal.ts';
import { STAGES } from '../../../specs/controls/control.ts';
import { EXAMPLE_CATALOGUE } from './catalogue.ts';
import { SCREENS } from './picture.ts';
import { exampleTimeline, MISSING } from './timeline.ts';

/** What an example run is to contain beside controls that pass. */
export interface ExampleOptions {
  readonly lab?: boolean;
  readonly machines?: readonly string[];
  /** TLS 1.2 is off on win7, and the audit of win81 can't be read. */
  readonly troubled?: boolean;
  /** Text that tries to break out of each report. */
  readonly hostile?: string;
  /** How many entries somebody else leaves in the time line of win8. */
  readonly strangers?: number;
  /** How many entries the user of win8 has from before the click. */
  readonly earlier?: number;
  /** The reset of win81 is not in the audit log. */
  readonly unrecorded?: boolean;
  /** As journals were before there were time lines. */
  readonly withoutTimelines?: boolean;
  /** Instead of the one that covers `logging.machine-event` on win8; `none` as journals were before there were any. */
  readonly waivers?: readonly Waiver[] | 'none';
  /** Stop in the middle of stage `logon` of win8, as after Ctrl-C; or let its process die there. */
  readonly cut?: 'aborted' | 'died' | 'unfinished';
}

const WAIVED = 'logging.machine-event';

export const EXAMPLE_WAIVER: Waiver = {
  control: WAIVED,
  machines: ['win8'],
  reason: 'This version of the add-in writes no entry; the next one does.',
  owner: 'Quality, Anna Berg',
  expires: '2027-03-31',
};

/** One of each kind of trouble with waivers, in a troubled run of 2026-11-21. */
export const TROUBLED_WAIVERS: readonly Waiver[] = [
  EXAMPLE_WAIVER,
  {
    control: 'tls.client-enabled',
    reason: 'Windows 7 machines of the pilot are replaced before the roll-out.',
    owner: 'Operations, Carl Dahl',
    expires: '2027-12-31',
  },
  {
    control: 'audit.reset-recorded',
    machines: ['win7', 'win81'],
    reason: 'The audit log is moved to another subscription.',
    owner: 'Security, Eva Falk',
    expires: '2026-12-05',
  },
  {
    control: 'logging.machine-event',
    machines: ['win7'],
    reason: 'This version of the add-in writes no entry; the next one does.',
    owner: 'Quality, Anna Berg',
    expires: '2026-10-31',
  },
  {
    control: 'proxy.cdn',
    machines: ['win8'],
    reason: 'The proxy rule has been ordered and is not yet in place.',
    owner: 'Network, Gun Holm',
    expires: '2027-01-31',
  },
  {
    control: 'proxy.system-account',
    machines: ['win81'],
    reason: 'The proxy of the SYSTEM account is set by a later policy.',
    owner: 'Network, Gun Holm',
    expires: '2027-01-31',
  },
];

const PROVIDERS: Readonly<Record<string, 'lab'>> = { win7: 'lab', win8: 'lab', win81: 'lab' };

const STAGE_MS: Readonly<Record<string, number>> = {
  up: 9200,
  facts: 1850,
  install: 6400,
  reboot: 7100,
  checks: 4300,
  logon: 31_500,
  audit: 6900,
  eventlog: 2400,
  uninstall: 11_800,
  down: 3900,
};

const START = Date.parse('2026-11-21T09:30:00.000Z');

interface Shot {
  readonly screen: string;
  readonly caption: string;
  readonly lookedFor?: string;
  readonly at?: readonly [x: number, y: number, width: number, height: number];
  readonly action?: string;
}

const FILM: readonly Shot[] = [
  {
    screen: 'logon',
    caption: 'The logon screen',
    lookedFor: 'a tile named Anna Berg',
    at: [440, 212, 144, 172],
    action: 'clicks the tile',
  },
  {
    screen: 'link',
    caption: 'The user is chosen',
    lookedFor: 'Forgot password?',
    at: [450, 434, 124, 24],
    action: 'clicks the link',
  },
  {
    screen: 'userId',
    caption: 'Get back into your account',
    lookedFor: 'User ID',
    at: [146, 204, 372, 42],
    action: 'types the user ID',
  },
  {
    screen: 'userId',
    caption: 'The user ID is entered',
    lookedFor: 'Next',
    at: [146, 554, 102, 44],
    action: 'clicks Next',
  },
  {
    screen: 'methods',
    caption: 'Verification step 1',
    lookedFor: 'Email my alternate email',
    at: [146, 204, 276, 28],
    action: 'chooses the e-mail',
  },
  {
    screen: 'code',
    caption: 'A code was sent',
    lookedFor: 'Enter your verification code',
    at: [146, 224, 312, 42],
    action: 'types the code from the mailbox',
  },
  {
    screen: 'password',
    caption: 'Choose a new password',
    lookedFor: 'Enter new password',
    at: [146, 224, 312, 42],
    action: 'types the new password twice',
  },
  {
    screen: 'done',
    caption: 'Your password has been reset',
    lookedFor: 'Your password has been reset',
    at: [146, 224, 440, 36],
    action: 'closes the page',
  },
  {
    screen: 'logon',
    caption: 'Back at the logon screen',
    lookedFor: 'the password box',
    at: [406, 394, 212, 38],
    action: 'types the new password',
  },
  { screen: 'desktop', caption: 'Signed in with the new password' },
];

/** The journal of an example run, with its pictures and files, in `folder`. */
export function writeExample(folder: string, options: ExampleOptions = {}): Recorded[] {
  const names = options.machines ?? ['win7', 'win8', 'win81'];
  const events: { readonly ms: number; readonly event: RunEvent }[] = [];
  const add = (ms: number, event: RunEvent): void => void events.push({ ms, event });
  mkdirSync(folder, { recursive: true });

  add(0, {
    type: 'run-started',
    run: '2026-11-21T093000Z-4f1c',
    plan: {
      machines: names.map((name) => ({ name, os: name, provider: PROVIDERS[name] ?? 'lab', stages: STAGES })),
      controls: EXAMPLE_CATALOGUE.map((control) => control.id),
      ...(options.waivers !== 'none' && { waivers: options.waivers ?? waiversOf(options) }),
      lab: options.lab ?? true,
      versions: {
        harness: '0.1.0',
        node: process.version,
        vagrant: '2.3.4',
        wine: '8.0',
        squid: '5.7',
        chromium: '142.0',
      },
      package: {
        path: '.lab/cache/SsprWindowsLogon.PROD.msi',
        sha256: 'b3a8e0e1f9ab1bfe3a36f231f676f78bb30a519d2b21e6c530c0eee8ebb4a5d0',
      },
      arguments: ['run', ...names],
    },
  });
  const ends = names.map((name, index) => machineStory(name, index, folder, options, add));
  const journal = events.sort((a, b) => a.ms - b.ms);
  if (options.cut !== 'unfinished') {
    const ms = Math.max(0, ...ends) + 250;
    journal.push({
      ms,
      event: { type: 'run-ended', exitCode: options.cut === 'aborted' ? 130 : options.troubled ? 1 : 0, ms },
    });
  }
  const recorded = journal.map(({ ms, event }, i) => ({
    seq: i + 1,
    at: new Date(START + ms).toISOString(),
    ...event,
  }));
  writeFileSync(join(folder, 'events.jsonl'), recorded.map((event) => JSON.stringify(event) + '\n').join(''));
  return recorded;
}

const waiversOf = ({ hostile }: ExampleOptions): readonly Waiver[] =>
  hostile === undefined
    ? [EXAMPLE_WAIVER]
    : [{ ...EXAMPLE_WAIVER, owner: hostile, reason: hostile, machines: ['win8', hostile] }];

type Add = (ms: number, event: RunEvent) => void;

/** Returns the instant of its end, in milliseconds since the start of the run. */
function machineStory(
  name: string,
  index: number,
  folder: string,
  options: ExampleOptions,
  add: Add,
): number {
  const machine = name;
  let now = 120 + index * 340;
  let logon = { from: START + now, ms: 0 };
  add(now, { type: 'machine-started', machine, pid: 4000 + index });
  for (const stage of STAGES) {
    const ms = Math.round((STAGE_MS[stage] ?? 1000) * (1 + index * 0.13));
    add(now, { type: 'stage-started', machine, stage, title: stage });
    if (stage === 'logon' && name === 'win8' && options.cut) {
      add(now + 900, { type: 'step', machine, stage, text: 'clicks the link' });
      if (options.cut !== 'unfinished') add(now + 1500, { type: 'machine-ended', machine, how: options.cut });
      return now + 1500;
    }
    if (stage === 'logon') {
      film(machine, index, folder, now, ms, add);
      logon = { from: START + now, ms };
    }
    const controls = EXAMPLE_CATALOGUE.filter(
      (c) => c.stage === stage && c.appliesTo.os.some((os) => os === name),
    );
    controls.forEach((control, i) => {
      const at = now + Math.round((ms * (i + 1)) / (controls.length + 1));
      add(at, { type: 'step', machine, stage, text: control.title });
      for (const event of verdicts(machine, stage, control.id, folder, options)) add(at, event);
    });
    for (const [factName, value] of factsOf(stage, index)) {
      add(now + ms - 1, { type: 'fact', machine, stage, name: factName, value });
    }
    const troubledAudit = options.troubled === true && name === 'win81' && stage === 'audit';
    if (stage === 'audit' && !troubledAudit && options.withoutTimelines !== true) {
      add(now + ms - 1, exampleTimeline(machine, index, logon, options));
    }
    if (troubledAudit) {
      add(now + ms - 1, {
        type: 'fault',
        machine,
        stage,
        code: 'graph-forbidden',
        blame: 'tenant',
        message: AUDIT_REFUSED,
        remedy: AUDIT_REMEDY,
      });
    }
    now += ms;
    add(now, { type: 'stage-ended', machine, stage, ms, ok: !troubledAudit });
  }
  add(now, { type: 'machine-ended', machine, how: 'completed' });
  return now;
}

const AUDIT_REFUSED = 'Microsoft Graph answered 403 Authorization_RequestDenied to auditLogs/directoryAudits';
const AUDIT_REMEDY =
  'Grant AuditLog.Read.All and Directory.Read.All to the application and consent as an administrator.';

const factsOf = (stage: string, index: number): readonly (readonly [string, unknown])[] => {
  if (stage === 'facts') return [['os.version', ['6.1.7601', '6.2.9200', '6.3.9600'][index] ?? '6.3.9600']];
  if (stage === 'reboot')
    return [
      ['booted.before', '2026-11-21T09:30:09Z'],
      ['booted.after', '2026-11-21T09:30:24Z'],
    ];
  if (stage === 'logon')
    return [
      ['reset.clickedAt', '2026-11-21T09:30:31.482Z'],
      ['egress.address', '127.20.0.1'],
    ];
  if (stage === 'audit') return [['audit.correlationId', `5d1c4a2e-0000-4000-8000-00000000000${index}`]];
  return [];
};

function film(machine: string, index: number, folder: string, from: number, ms: number, add: Add): void {
  const pictures = index === 0 ? SCREENS.win7() : SCREENS.win8();
  FILM.forEach((shot, i) => {
    const file = keepFile(
      folder,
      `${machine}/film/${String(i + 1).padStart(2, '0')}.png`,
      pictures[shot.screen] ?? Buffer.alloc(0),
    );
    const [x, y, width, height] = shot.at ?? [0, 0, 0, 0];
    add(from + Math.round((ms * (i + 0.5)) / FILM.length), {
      type: 'frame',
      machine,
      stage: 'logon',
      caption: shot.caption,
      file: file.path,
      sha256: file.sha256,
      width: 1024,
      height: 768,
      ...(shot.lookedFor === undefined ? {} : { lookedFor: shot.lookedFor }),
      ...(shot.at === undefined
        ? {}
        : { found: { x, y, width, height, text: shot.lookedFor ?? '', similarity: 0.97 } }),
      ...(shot.action === undefined ? {} : { action: shot.action }),
    });
  });
}

type ControlEvent = Extract<RunEvent, { type: 'control' }>;

function verdicts(
  machine: string,
  stage: string,
  control: string,
  folder: string,
  options: ExampleOptions,
): ControlEvent[] {
  const event = (
    detail: Omit<ControlEvent, 'type' | 'machine' | 'stage' | 'control' | 'ms' | 'evidence'> & {
      evidence?: Evidence[];
    },
  ): ControlEvent => ({
    type: 'control',
    machine,
    stage,
    control,
    ms: 42,
    ...detail,
    evidence: detail.evidence ?? evidenceFor(machine, control, folder),
  });
  const passed = event({
    outcome: 'pass',
    summary: `As it should be on ${machine}.`,
    expected: '1',
    observed: '1',
  });
  if (options.hostile !== undefined && control === 'proxy.cdn') {
    const text = options.hostile;
    const evidence: Evidence[] = [
      { kind: 'value', name: text, value: text },
      { kind: 'file', name: text, path: `javascript:${text}`, sha256: text },
    ];
    return [
      event({ outcome: 'fail', summary: text, expected: text, observed: text, remediation: text, evidence }),
    ];
  }
  if (control === WAIVED && machine === 'win8') {
    return [
      event({
        outcome: 'fail',
        summary: 'The Application log has no entry of the add-in.',
        expected: 'an entry since the reset',
        observed: 'none',
      }),
    ];
  }
  if (options.unrecorded === true && machine === 'win81' && control === 'audit.reset-recorded') {
    return [event({ outcome: 'fail', summary: MISSING })];
  }
  if (!options.troubled) return [passed];
  if (machine === 'win7' && control === 'tls.client-enabled') {
    return [
      event({
        outcome: 'fail',
        summary: 'TLS 1.2 is switched off for clients.',
        expected: 'SCHANNEL\\Protocols\\TLS 1.2\\Client Enabled = 1',
        observed: 'Enabled = 0',
      }),
    ];
  }
  if (machine === 'win81' && stage === 'audit') {
    return control === 'audit.reset-recorded'
      ? [
          event({
            outcome: 'error',
            summary: AUDIT_REFUSED,
            blame: 'tenant',
            remediation: AUDIT_REMEDY,
            evidence: [],
          }),
        ]
      : [];
  }
  if (machine === 'win8' && control === 'tls.handshake') {
    return [
      event({ outcome: 'fail', summary: 'The handshake ended with 0x80072f7d.', observed: '0x80072f7d' }),
      passed,
    ];
  }
  if (machine === 'win81' && control === 'proxy.system-account') {
    return [
      event({
        outcome: 'skipped',
        summary: 'Only WinHTTP is asked for by the configuration (proxy.stacks).',
      }),
    ];
  }
  return [passed];
}

function evidenceFor(machine: string, control: string, folder: string): Evidence[] {
  if (control.endsWith('.silent')) {
    const log = keepFile(
      folder,
      `${machine}/msiexec-${control.split('.')[0] ?? ''}.log`,
      'MSI (s) (40:9C): Return value 0\r\n',
    );
    return [{ kind: 'file', name: 'msiexec log', ...log }];
  }
  return [
    {
      kind: 'value',
      name: 'registry',
      value: {
        key: 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders',
        state: 'present',
        value: 1,
      },
    },
  ];
}
