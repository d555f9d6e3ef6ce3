import type { Deadline } from '../core/deadline.ts';
import { describe as inWords, Fault } from '../core/errors.ts';
import type { Channel, ExecResult } from './channel.ts';
import type { Handshake, Handshakes } from './facts.ts';
import { hasDoctype, xmlParser } from './xml.ts';

/*
 * Windows logs its own handshakes when it is told to: Schannel what was negotiated (event 36880 of the System log),
 * CryptoAPI the chain of certificates that it built (event 11 of the CAPI2 log). The names and shapes of these events
 * are background knowledge, so nothing here is ever taken for a fault of the machine: what cannot be had is a reason.
 */

const SCHANNEL_KEY = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL';
/** Bits of `EventLogging`: errors, which are logged where the value is absent, and successful handshakes. */
const LOG_ERRORS = 0x1;
const LOG_SUCCESS = 0x4;
const CAPI2_LOG = 'Microsoft-Windows-CAPI2/Operational';
/** How long putting the machine back as it was may take, whatever time is left. */
const RESTORE_MS = 60_000;
/** More than one look at the portal makes, few enough for one answer. */
const NEWEST = 50;

/** One of Windows' logs of handshakes: how it is switched on, and where its events are. */
interface Source {
  /** Switches it on; gives the line that puts it back as it was, or undefined where it was on already. */
  on(run: Run): Promise<string | undefined>;
  readonly log: string;
  readonly query: string;
}
type Run = (line: string) => Promise<ExecResult>;

const SCHANNEL: Source = {
  async on(run) {
    const found = await run(`reg query "${SCHANNEL_KEY}" /v EventLogging`);
    const set = (to: number): string => `reg add "${SCHANNEL_KEY}" /v EventLogging /t REG_DWORD /d ${to} /f`;
    if (found.exitCode !== 0) {
      await done(run, set(LOG_ERRORS | LOG_SUCCESS));
      return `reg delete "${SCHANNEL_KEY}" /v EventLogging /f`;
    }
    const data = /EventLogging\s+REG_DWORD\s+(0x[0-9a-f]+)/i.exec(found.stdout)?.[1];
    if (data === undefined) throw notLogged('EventLogging of SCHANNEL is not a number');
    if ((Number(data) & LOG_SUCCESS) !== 0) return undefined;
    await done(run, set(Number(data) | LOG_SUCCESS));
    return set(Number(data));
  },
  log: 'System',
  query: "*[System[Provider[@Name='Schannel'] and (EventID=36880)]]",
};

const CAPI2: Source = {
  async on(run) {
    const { stdout } = await done(run, `wevtutil gl ${CAPI2_LOG}`);
    const enabled = /^enabled:\s*(true|false)/im.exec(stdout)?.[1]?.toLowerCase();
    if (enabled === undefined) throw notLogged(`wevtutil does not say whether ${CAPI2_LOG} is on`);
    if (enabled === 'true') return undefined;
    await done(run, `wevtutil sl ${CAPI2_LOG} /e:true`);
    return `wevtutil sl ${CAPI2_LOG} /e:false`;
  },
  log: CAPI2_LOG,
  query: '*[System[(EventID=11)]]',
};

/**
 * Does the work while Windows logs its handshakes, and tells which it made in that time. Both logs are put back as they
 * were, also when the work throws. A log that cannot be had is a reason in the answer, never an error.
 * @param host whose handshakes these are: the only one that the work connects to
 * @throws what the work throws, and Fault `handshakes-not-restored`
 */
export async function withHandshakeLogs<T>(
  channel: Channel,
  host: string,
  deadline: Deadline,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly handshakes: Handshakes }> {
  const schannel = await open(channel, SCHANNEL, deadline);
  try {
    const capi2 = await open(channel, CAPI2, deadline);
    try {
      const result = await work();
      const negotiated = await schannel.events();
      const chains = await capi2.events();
      return { result, handshakes: summarise(negotiated, chains, host) };
    } finally {
      await capi2.close();
    }
  } finally {
    await schannel.close();
  }
}

/** The events that were made while a log was on, or why there are none. */
type Events = { readonly events: readonly LoggedEvent[] } | { readonly reason: string };

interface OpenLog {
  events(): Promise<Events>;
  close(): Promise<void>;
}

async function open(channel: Channel, source: Source, deadline: Deadline): Promise<OpenLog> {
  const run: Run = (line) => channel.exec({ line }, deadline);
  const newest = async (limit: number): Promise<LoggedEvent[]> => {
    const line = `wevtutil qe ${source.log} /q:"${source.query}" /f:xml /c:${limit} /rd:true`;
    return parseEvents((await done(run, line)).stdout);
  };
  try {
    // By number, not by time: the machine's clock may be set meanwhile.
    const last = (await newest(1))[0]?.recordId ?? 0;
    const back = await source.on(run);
    return {
      events: () =>
        orReason(deadline, async () => ({
          events: (await newest(NEWEST)).filter(({ recordId }) => recordId > last).reverse(),
        })),
      close: () => (back === undefined ? Promise.resolve() : putBack(channel, back, deadline)),
    };
  } catch (error) {
    deadline.check();
    const reason = inWords(error);
    return { events: () => Promise.resolve({ reason }), close: () => Promise.resolve() };
  }
}

async function orReason<T>(deadline: Deadline, read: () => Promise<T>): Promise<T | { reason: string }> {
  try {
    return await read();
  } catch (error) {
    deadline.check();
    return { reason: inWords(error) };
  }
}

async function putBack(channel: Channel, line: string, deadline: Deadline): Promise<void> {
  const { exitCode, stdout, stderr } = await channel.exec(
    { line },
    deadline.anew(RESTORE_MS, 'putting the log of handshakes back as it was'),
  );
  if (exitCode === 0) return;
  throw new Fault(
    `A log of handshakes was not put back (exit code ${exitCode}): ${(stderr || stdout).trim()}`,
    {
      code: 'handshakes-not-restored',
      blame: 'machine',
      remedy: `Run on the machine: ${line}`,
    },
  );
}

async function done(run: Run, line: string): Promise<ExecResult> {
  const result = await run(line);
  if (result.exitCode === 0) return result;
  const said = (result.stderr || result.stdout).trim().slice(0, 200);
  throw notLogged(`"${line.slice(0, 60)}" ended with ${result.exitCode}: ${said}`);
}

const notLogged = (why: string): Fault =>
  new Fault(why, {
    code: 'handshakes-not-logged',
    blame: 'machine',
    remedy: 'Check that the account may switch logs on, and that wevtutil works on the machine.',
  });

/** An event with all that it names: elements and `<Data Name="...">` alike. */
export interface LoggedEvent {
  readonly recordId: number;
  /** `Protocol`, `CipherSuite`, ... */
  readonly values: Readonly<Record<string, string>>;
  /** Subjects of the certificates of a chain, the first one's first; [] in an event without one. */
  readonly chain: readonly string[];
}

const parser = xmlParser('Event', 'Data', 'ChainElement', 'CertificateChain');

/**
 * The output of `wevtutil qe /f:xml`, whatever the events hold below EventData or UserData.
 * @throws Fault `handshakes-not-logged` for what is not events
 */
export function parseEvents(xml: string): LoggedEvent[] {
  if (xml.trim() === '') return [];
  if (hasDoctype(xml) || !xml.trimStart().startsWith('<Event'))
    throw notLogged('wevtutil did not answer with events');
  const root = asNode(parser.parse(`<Events>${xml}</Events>`));
  return asList(asNode(root.Events).Event).map((event) => {
    const { System, EventData, UserData } = asNode(event);
    const number = textOf(asNode(System).EventRecordID);
    if (!/^\d+$/.test(number)) throw notLogged('an event has no number');
    return {
      recordId: Number(number),
      values: { ...namedData(EventData), ...elementsOf(UserData) },
      chain: chainOf(UserData),
    };
  });
}

type Node = Readonly<Record<string, unknown>>;
const asNode = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const textOf = (value: unknown): string => {
  const text = typeof value === 'object' ? asNode(value)['#text'] : value;
  return typeof text === 'string' ? text.trim() : '';
};

/** `<EventData><Data Name="Protocol">TLS 1.2</Data>...` */
const namedData = (data: unknown): Record<string, string> =>
  Object.fromEntries(
    asList(asNode(data).Data).flatMap((one) => {
      const name = asNode(one)['@Name'];
      return typeof name === 'string' ? [[name, textOf(one)]] : [];
    }),
  );

/** `<UserData><EventXML><Protocol>TLS 1.2</Protocol>...` */
const elementsOf = (data: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.values(asNode(data)).flatMap((inner) =>
      Object.entries(asNode(inner))
        .filter(([name]) => !name.startsWith('@'))
        .map(([name, value]) => [name, textOf(value)] as const)
        .filter(([, text]) => text !== ''),
    ),
  );

/** `<UserData><CertGetCertificateChain><CertificateChain><ChainElement><Certificate subjectName="..."/>...` */
function chainOf(data: unknown): string[] {
  const [chain] = asList(asNode(asNode(data).CertGetCertificateChain).CertificateChain);
  return asList(asNode(chain).ChainElement).flatMap((element) => {
    const name = asNode(asNode(element).Certificate)['@subjectName'];
    return typeof name === 'string' ? [name] : [];
  });
}

/** What both logs tell of the handshakes with this host. */
function summarise(negotiated: Events, chains: Events, host: string): Handshakes {
  if ('reason' in negotiated && 'reason' in chains) {
    return { logged: { state: 'off', reason: negotiated.reason }, seen: [] };
  }
  const chain = 'reason' in chains ? [] : chainTo(host, chains.events);
  const own =
    'reason' in negotiated ? [] : negotiated.events.flatMap(({ values }) => handshakeOf(values, host, chain));
  // A chain alone tells who answered.
  const seen =
    own.length > 0 || chain.length === 0 ? own : [{ server: host, protocol: '', cipherSuite: '', chain }];
  return { logged: { state: 'on' }, seen };
}

/** `client`, or what other Windows write there: only a server's handshakes are left out. */
function handshakeOf(values: LoggedEvent['values'], host: string, chain: readonly string[]): Handshake[] {
  const { Type = '', Protocol = '', CipherSuite = '', TargetName = '' } = values;
  if (/^server$/i.test(Type) || Protocol === '') return [];
  const isOwn = TargetName === '' || TargetName.toLowerCase() === host.toLowerCase();
  return [{ server: TargetName, protocol: Protocol, cipherSuite: CipherSuite, chain: isOwn ? chain : [] }];
}

/**
 * The chain whose first certificate is for this host; else the only one, since a certificate may hold the host's name
 * in a place that the event does not show.
 */
function chainTo(host: string, events: readonly LoggedEvent[]): readonly string[] {
  const chains = events.map(({ chain }) => chain).filter((chain) => chain.length > 0);
  const named = chains.find(([first = '']) => isFor(first, host));
  if (named !== undefined) return named;
  return new Set(chains.map((chain) => chain.join('\n'))).size === 1 ? (chains[0] ?? []) : [];
}

function isFor(subject: string, host: string): boolean {
  const [name, at] = [subject.toLowerCase(), host.toLowerCase()];
  return name === at || (name.startsWith('*.') && at.slice(at.indexOf('.')) === name.slice(1));
}
