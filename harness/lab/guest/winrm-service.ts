import { Shells, type StartCommand } from './shells.ts';
import { configXml } from './winrm-config.ts';
import type { WinrmSettings } from './winrm-settings.ts';
import { answerTooLarge, envelopeTooSmall, noSuchResource } from './wsman-faults.ts';
import { type WsmanRequest, got, identified } from './wsman.ts';

/** Source: MS-WSMV 3.1.4.1.7: less is refused. */
const SMALLEST_ENVELOPE = 8192;
/** What a client learns that has not said who it is. */
const ANONYMOUS_VERSION = 'OS: 0.0.0 SP: 0.0';

export interface WinrmServiceOptions {
  readonly settings: WinrmSettings;
  readonly windows: {
    /** Major, minor, build. */
    readonly version: readonly [number, number, number];
    readonly servicePack: { readonly number: number } | undefined;
  };
  readonly start: StartCommand;
}

/** What the WinRM service does for clients that may use it, whatever they came by. */
export class WinrmService {
  readonly #shells: Shells;

  constructor(private readonly options: WinrmServiceOptions) {
    this.#shells = new Shells(options.start, options.settings);
  }

  get settings(): WinrmSettings {
    return this.options.settings;
  }

  /**
   * @param gone aborted when the client has left: what was printed waits for its next request then
   * @returns the SOAP answer
   * @throws WsmanFault
   */
  async answer(request: WsmanRequest, gone: AbortSignal): Promise<string> {
    if (request.maxEnvelopeSize !== undefined && request.maxEnvelopeSize < SMALLEST_ENVELOPE)
      throw envelopeTooSmall();
    const limit = this.#envelopeLimit(request);
    const answer = await this.#dispatch(request, limit, gone);
    if (Buffer.byteLength(answer) > limit) throw answerTooLarge();
    return answer;
  }

  /** @param who whether the client has said who it is */
  identify(who: 'authenticated' | 'anonymous'): string {
    const { windows, settings } = this.options;
    const system = `OS: ${windows.version.join('.')} SP: ${windows.servicePack?.number ?? 0}.0`;
    return identified(`${who === 'anonymous' ? ANONYMOUS_VERSION : system} Stack: ${settings.stack}`);
  }

  close(): void {
    this.#shells.close();
  }

  #dispatch(request: WsmanRequest, limit: number, gone: AbortSignal): Promise<string> | string {
    const { operation } = request;
    if (operation === 'Identify') return this.identify('authenticated');
    if (operation === 'Get') return got(request, this.#resource(request.resourceUri));
    return this.#shells.answer(request, operation, limit, gone);
  }

  #resource(uri: string): string {
    const xml = configXml(this.settings, uri);
    if (xml === undefined) throw noSuchResource();
    return xml;
  }

  /** Source: MS-WSMV 3.1.4.1.7: the client's own limit, but never more than the server's. */
  #envelopeLimit({ maxEnvelopeSize }: WsmanRequest): number {
    return Math.min(maxEnvelopeSize ?? Infinity, this.settings.maxEnvelopeSizeKb * 1024);
  }
}
