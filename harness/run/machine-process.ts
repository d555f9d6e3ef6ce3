import { fork } from 'node:child_process';
import type { RunEvent } from '../core/journal.ts';
import { redact } from '../core/secret.ts';
import { answerFor, type AskFor } from './asking.ts';
import type { FromMachine, Job, ToMachine } from './job.ts';

/** One machine's story in a process of its own: if it dies, the other machines go on. */
export interface MachineProcess {
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<void>;
  /** Lets the running step end early; what must be put right afterwards still happens. */
  abort(): void;
}

const TAIL = 2000;

export function startMachineProcess(
  job: Job,
  { onEvent, ask }: { readonly onEvent: (event: RunEvent) => void; readonly ask: AskFor },
): MachineProcess {
  const child = fork(new URL('./machine-main.ts', import.meta.url), [], {
    execArgv: ['--import', 'tsx'],
    // Its own group: Ctrl-C at the terminal reaches the run, which then tells the machines.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const machine = job.machine;
  let said: 'nothing' | 'ended' = 'nothing';
  let complaint = '';
  const gone = new AbortController();
  const send = (message: ToMachine) => {
    if (child.connected) child.send(message);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    // Before it is cut: half a secret is not found any more.
    complaint = redact(complaint + text).slice(-TAIL);
  });
  child.on('message', (message: FromMachine) => {
    if (message.kind === 'ask') {
      void answerFor(machine, message, ask, gone.signal).then(send);
      return;
    }
    if (message.event.type === 'machine-ended') said = 'ended';
    onEvent(message.event);
  });
  onEvent({ type: 'machine-started', machine, pid: child.pid ?? 0 });
  send({ kind: 'job', job });

  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      gone.abort();
      if (said === 'nothing') {
        onEvent({
          type: 'fault',
          machine,
          stage: 'run',
          code: 'machine-process-died',
          blame: 'harness',
          message:
            `The process of ${machine} died (${signal ?? `exit code ${code}`}). ${complaint.trim()}`.trim(),
          remedy: 'Run it again; if it happens again, report it with the events.jsonl of the run.',
        });
        onEvent({ type: 'machine-ended', machine, how: 'died' });
      }
      resolve();
    });
  });
  const abort = () => {
    gone.abort();
    send({ kind: 'abort' });
  };
  return { ended, abort };
}
