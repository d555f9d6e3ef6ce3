import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** For tests: a WinRM server that answers as its script says, and remembers what it was asked. */
export interface ScriptedServer {
  readonly url: string;
  /** Last part of each action asked for: `Create`, `Command`, ... */
  readonly asked: string[];
  /** The envelopes. */
  readonly envelopes: string[];
  /** How many connections were made. */
  connections(): number;
  close(): Promise<void>;
}

/** Answers one request; `nth` counts the requests of this action from 0. */
export type Script = Readonly<Record<string, (response: ServerResponse, nth: number, xml: string) => void>>;

/** @param script by action; what is not in it gets the answer of a machine where all goes well */
export async function startScripted(script: Script = {}): Promise<ScriptedServer> {
  const asked: string[] = [];
  const envelopes: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', () => connections++);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const xml = await bodyOf(request);
    const action = /<a:Action[^>]*>[^<]*\/(\w+)<\/a:Action>/.exec(xml)?.[1] ?? '';
    const nth = asked.filter((earlier) => earlier === action).length;
    asked.push(action);
    envelopes.push(xml);
    const respond = script[action] ?? USUAL[action];
    if (respond === undefined) response.writeHead(400).end();
    else respond(response, nth, xml);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wsman`,
    asked,
    envelopes,
    connections: () => connections,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export const SHELL_ID = '11111111-2222-4333-8444-555555555555';

export const soap = (body: string): string =>
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="a" xmlns:w="w" xmlns:x="x" xmlns:rsp="r">' +
  `<s:Header/><s:Body>${body}</s:Body></s:Envelope>`;

export const answer =
  (body: string, status = 200) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/soap+xml;charset=UTF-8' }).end(body);
  };

export const createdShell = soap(
  '<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet>' +
    `<w:Selector Name="ShellId">${SHELL_ID}</w:Selector>` +
    '</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>',
);

export interface Output {
  readonly stdout?: readonly Uint8Array[];
  readonly stderr?: readonly Uint8Array[];
  /** Missing while the command runs. */
  readonly exitCode?: number;
}

export function receivedXml({ stdout = [], stderr = [], exitCode }: Output): string {
  const stream = (name: string) => (bytes: Uint8Array) =>
    `<rsp:Stream Name="${name}" CommandId="C">${Buffer.from(bytes).toString('base64')}</rsp:Stream>`;
  const state =
    exitCode === undefined
      ? '<rsp:CommandState CommandId="C" State="http://s/CommandState/Running"/>'
      : `<rsp:CommandState CommandId="C" State="http://s/CommandState/Done"><rsp:ExitCode>${exitCode}</rsp:ExitCode></rsp:CommandState>`;
  return soap(
    `<rsp:ReceiveResponse>${stdout.map(stream('stdout')).join('')}${stderr.map(stream('stderr')).join('')}${state}</rsp:ReceiveResponse>`,
  );
}

/** A fault with the detail of WS-Management. */
export const wsmanFault = (code: string, subcode: string, text: string): string =>
  soap(
    `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:${subcode}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason><s:Detail>` +
      `<f:WSManFault xmlns:f="f" Code="${code}" Machine="m"><f:Message>${text}</f:Message></f:WSManFault></s:Detail></s:Fault>`,
  );

/** A fault with the other detail, that of WMI. */
export const wmiFault = (code: string, text: string): string =>
  soap(
    '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:QuotaLimit</s:Value></s:Subcode></s:Code>' +
      `<s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason><s:Detail>` +
      `<p:MSFT_WmiError xmlns:p="p"><p:error_Code>${code}</p:error_Code><p:Message>${text}</p:Message></p:MSFT_WmiError></s:Detail></s:Fault>`,
  );

const USUAL: Script = {
  Create: answer(createdShell),
  Command: answer(soap('<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>')),
  Receive: answer(receivedXml({ exitCode: 0 })),
  Signal: answer(soap('<rsp:SignalResponse/>')),
  Delete: answer(soap('')),
};
