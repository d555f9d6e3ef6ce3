import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer as createTcpServer } from 'node:net';
import { setImmediate as immediately } from 'node:timers/promises';

/** For tests: a WinRM server that answers as its script says, and remembers what it was asked. */
export interface ScriptedServer {
  readonly url: string;
  /** Last part of each action asked for: `Create`, `Command`, ... */
  readonly asked: string[];
  /** The envelopes. */
  readonly envelopes: string[];
  /** How many connections were made. */
  connections(): number;
  /** How many of them are open. */
  open(): number;
  close(): Promise<void>;
}

/** Answers one request; `nth` counts the requests of this action from 0. */
export type Script = Readonly<Record<string, (response: ServerResponse, nth: number, xml: string) => void>>;

/** @param script by action; what is not in it gets the answer of a machine where all goes well */
export async function startScripted(script: Script = {}): Promise<ScriptedServer> {
  const asked: string[] = [];
  const envelopes: string[] = [];
  let connections = 0;
  let open = 0;
  const server = createServer((request, response) => void handle(request, response));
  // As patient with idle connections as Windows is; a busy host may take seconds between two requests.
  server.keepAliveTimeout = 120_000;
  server.on('connection', (socket: Socket) => {
    connections++;
    open++;
    socket.on('close', () => open--);
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const xml = await bodyOf(request);
    // As a machine that allows Basic only: it asks who it is, and looks at nothing before.
    if (request.headers.authorization?.startsWith('Basic ') !== true) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="WSMAN"' }).end();
      return;
    }
    const action = actionOf(xml);
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
    open: () => open,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const actionOf = (xml: string): string =>
  /<a:Action[^>]*>[^<]*\/(\w+)<\/a:Action>/.exec(xml)?.[1] ?? (xml.includes(':Identify') ? 'Identify' : '');

/** A way to a server over which its answers arrive one byte at a time. */
export async function dribble(url: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => socket.destroy());
    }
    client.pipe(upstream);
    void (async () => {
      for await (const chunk of upstream as AsyncIterable<Buffer>) {
        for (const byte of chunk) {
          client.write(Uint8Array.of(byte));
          await immediately();
        }
      }
      client.end();
    })().catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
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

/** As a machine of the lab's kind has it; only what a client reads. Source of the names: MS-WSMV 2.2.4.10. */
export const CONFIG_ANSWER = soap(
  '<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config" xml:lang="en-US">' +
    '<cfg:MaxEnvelopeSizekb>150</cfg:MaxEnvelopeSizekb><cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms>' +
    '<cfg:Client><cfg:AllowUnencrypted>true</cfg:AllowUnencrypted></cfg:Client><cfg:Service>' +
    '<cfg:MaxConcurrentOperationsPerUser>15</cfg:MaxConcurrentOperationsPerUser>' +
    '<cfg:AllowUnencrypted Source="GPO">false</cfg:AllowUnencrypted><cfg:Auth><cfg:Basic>false</cfg:Basic>' +
    '<cfg:Negotiate>true</cfg:Negotiate><cfg:CbtHardeningLevel>Relaxed</cfg:CbtHardeningLevel></cfg:Auth>' +
    '<cfg:CertificateThumbprint/></cfg:Service><cfg:Winrs><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess>' +
    '<cfg:IdleTimeout>180000</cfg:IdleTimeout><cfg:MaxConcurrentUsers>5</cfg:MaxConcurrentUsers>' +
    '<cfg:MaxShellRunTime>2147483647</cfg:MaxShellRunTime><cfg:MaxProcessesPerShell>15</cfg:MaxProcessesPerShell>' +
    '<cfg:MaxMemoryPerShellMB Source="GPO">150</cfg:MaxMemoryPerShellMB>' +
    '<cfg:MaxShellsPerUser>5</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>',
);

export const IDENTIFY_ANSWER = soap(
  '<i:IdentifyResponse xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">' +
    '<i:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</i:ProtocolVersion>' +
    '<i:ProductVendor>Microsoft Corporation</i:ProductVendor>' +
    '<i:ProductVersion>OS: 6.1.7601 SP: 1.0 Stack: 2.0</i:ProductVersion></i:IdentifyResponse>',
);

const USUAL: Script = {
  Create: answer(createdShell),
  Command: answer(soap('<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>')),
  Receive: answer(receivedXml({ exitCode: 0 })),
  Send: answer(soap('<rsp:SendResponse/>')),
  Signal: answer(soap('<rsp:SignalResponse/>')),
  Delete: answer(soap('')),
  Get: answer(CONFIG_ANSWER),
  Identify: answer(IDENTIFY_ANSWER),
};
