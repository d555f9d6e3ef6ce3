import { XMLParser } from 'fast-xml-parser';
import { Agent, request } from 'undici';
import type { Deadline } from '../../core/deadline.ts';
import { describe, Fault } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';

/** A parameter of an operation; several of one name make an array. */
export type Parameter = readonly [name: string, value: string | number];

/** What the service answered in place of a value. */
export class SoapFault extends Error {
  override readonly name = 'SoapFault';

  constructor(
    message: string,
    /** `RuntimeFault`, `InvalidObjectFault`, or '' where it says no more. */
    readonly kind: string,
  ) {
    super(message);
  }
}

const MOST_ANSWER = 1024 * 1024;

/**
 * Operations of VirtualBox' web service: document/literal SOAP 1.1, parameters in the order of the WSDL, references to
 * objects as text. Source: VirtualBox SDK, Programming Guide, "The raw web service".
 */
export class Soap {
  readonly #url: string;
  readonly #agent = new Agent({ connections: 1, maxResponseSize: MOST_ANSWER });
  readonly #parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, htmlEntities: true });

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * @returns the value, or '' where the operation has none
   * @throws SoapFault; Fault `virtualbox-web-unreachable` (config), `virtualbox-web-garbled`, `timed-out`, `interrupted`
   */
  async call(operation: string, parameters: readonly Parameter[], deadline: Deadline): Promise<string> {
    const body = readBody(
      this.#parser,
      await this.#post(envelope(operation, parameters), deadline),
      this.#url,
    );
    if (isRecord(body.Fault)) throw toSoapFault(operation, body.Fault);
    const response = body[`${operation}Response`];
    if (response === undefined) throw garbled(this.#url, `no answer to ${operation}`);
    const value = isRecord(response) ? response.returnval : undefined;
    return typeof value === 'string' ? value : '';
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #post(body: string, deadline: Deadline): Promise<string> {
    deadline.check();
    try {
      const answer = await request(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' },
        body,
        dispatcher: this.#agent,
        signal: deadline.signal(),
      });
      const text = await answer.body.text();
      // Faults come with 500; anything else is no SOAP service.
      if (answer.statusCode === 200 || answer.statusCode === 500) return text;
      throw new Error(`it answers with HTTP status ${answer.statusCode}`);
    } catch (error) {
      deadline.check();
      throw unreachable(this.#url, error);
    }
  }
}

function envelope(operation: string, parameters: readonly Parameter[]): string {
  const inner = parameters.map(([name, value]) => `<${name}>${escaped(String(value))}</${name}>`).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:vbox="http://www.virtualbox.org/">' +
    `<soap:Body><vbox:${operation}>${inner}</vbox:${operation}></soap:Body></soap:Envelope>`
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ESCAPES[character] ?? '');

function readBody(parser: XMLParser, xml: string, url: string): Record<string, unknown> {
  // SOAP has none, and one could make the parser work without end.
  if (/<!DOCTYPE/i.test(xml)) throw garbled(url, 'its answer has a document type');
  try {
    const { Envelope: { Body: body } = {} } = parser.parse(xml) as { Envelope?: { Body?: unknown } };
    if (isRecord(body)) return body;
  } catch (error) {
    throw garbled(url, describe(error));
  }
  throw garbled(url, 'its answer is no SOAP envelope');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function toSoapFault(operation: string, fault: Record<string, unknown>): SoapFault {
  const text = typeof fault.faultstring === 'string' ? fault.faultstring : 'no reason given';
  const kind = isRecord(fault.detail) ? Object.keys(fault.detail).find((name) => name.endsWith('Fault')) : '';
  return new SoapFault(redact(`${operation}: ${text}`), kind ?? '');
}

const unreachable = (url: string, cause: unknown): Fault =>
  new Fault(`VirtualBox' web service does not answer at ${withoutUser(url)}: ${describe(cause)}`, {
    code: 'virtualbox-web-unreachable',
    blame: 'config',
    retryable: true,
    remedy: 'Start vboxwebsrv as the user who runs the machines, and check its address in the configuration.',
    cause,
  });

const garbled = (url: string, why: string): Fault =>
  new Fault(`What answers at ${withoutUser(url)} is not VirtualBox' web service: ${why}`, {
    code: 'virtualbox-web-garbled',
    blame: 'config',
    remedy: 'Set the address of vboxwebsrv, usually http://127.0.0.1:18083/.',
  });

/** An address may carry a name and a password. */
function withoutUser(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return 'the configured address, which is no URL';
  }
}
