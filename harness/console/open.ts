import type { Deadline } from '../core/deadline.ts';
import type { ConsoleEndpoint } from '../core/endpoints.ts';
import type { Language } from '../core/languages.ts';
import type { PowerShell } from '../powershell/powershell.ts';
import type { Console } from './console.ts';
import { openHyperv } from './hyperv/open-hyperv.ts';
import { Recording, type Picture } from './recording.ts';
import { openVnc } from './rfb/open-vnc.ts';
import { Screen } from './screen.ts';
import { openTextReader } from './text.ts';
import { openVirtualBox } from './virtualbox/open-virtualbox.ts';

export interface OpenConsoleOptions {
  /** `unused`: opened for keys and pictures alone. A console that cannot click is refused otherwise. */
  readonly mouse?: 'required' | 'unused';
  /** The hands of Hyper-V; closed with the console. Made anew when missing. */
  readonly powershell?: PowerShell;
}

type Kind = ConsoleEndpoint['kind'];
type Opener<K extends Kind> = (
  endpoint: Extract<ConsoleEndpoint, { kind: K }>,
  deadline: Deadline,
  options: OpenConsoleOptions,
) => Promise<Console>;

const OPENERS: { readonly [K in Kind]: Opener<K> } = {
  vnc: openVnc,
  virtualbox: openVirtualBox,
  hyperv: openHyperv,
};

/** Opens the console of a machine and waits for its first picture. See the openers for what they throw. */
export const openConsole = (
  endpoint: ConsoleEndpoint,
  deadline: Deadline,
  options: OpenConsoleOptions = {},
): Promise<Console> => (OPENERS[endpoint.kind] as Opener<Kind>)(endpoint, deadline, options);

export interface OpenScreenOptions {
  /** Language of what is on the screen, as in the configuration. */
  readonly language: Language;
  /** Called for every step with its picture packed as PNG, in order, a little after the step. */
  readonly record: (picture: Picture) => void;
}

/**
 * Tesseract's names of the languages. Names and user IDs are Latin on every screen, so
 * English comes second; but not after Chinese, which reads Latin as well and is read worse beside it (measured: 用户 ID).
 */
export const TESSERACT: Readonly<Record<Language, string>> = {
  en: 'eng',
  es: 'spa+eng',
  fr: 'fra+eng',
  sv: 'swe+eng',
  'zh-CN': 'chi_sim',
};

/** A screen with an eye of its own; its `close()` closes that, the film and the console. */
export function openScreen(console: Console, { language, record }: OpenScreenOptions): Screen {
  return new Screen({
    console,
    reader: openTextReader(TESSERACT[language]),
    film: new Recording(record),
  });
}
