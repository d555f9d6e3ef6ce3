import { Fault } from '../core/errors.ts';

/** The same code as of a machine that Vagrant finds down. */
export const machineDown = (where: string, state: string): Fault =>
  new Fault(`The machine of ${where} is not running: it is ${state}`, {
    code: 'machine-down',
    blame: 'machine',
    retryable: true,
    remedy: 'Start the machine, or look why it went down; then connect again.',
  });

/** For the moment: the guest changes its resolution, the display sleeps. A console takes several of these in a row. */
export const noPicture = (where: string, why: string, cause?: unknown): Fault =>
  new Fault(`${where} gives no picture: ${why}`, {
    code: 'console-no-picture',
    blame: 'machine',
    retryable: true,
    remedy: 'Open the console by hand and see whether it shows anything; wake or restart the machine.',
    cause,
  });

/** A hand is missing that the reset flow needs. */
export const noPointer = (where: string, why: string, remedy: string, retryable = false): Fault =>
  new Fault(`${where} takes no clicks: ${why}`, {
    code: 'console-no-pointer',
    blame: 'config',
    retryable,
    remedy,
  });

/** Thrown to whoever uses a console after it was closed. */
export const closedConsole = (where: string): Fault =>
  new Fault(`${where} is closed`, {
    code: 'console-closed',
    blame: 'harness',
    remedy: 'Open the console again.',
  });
