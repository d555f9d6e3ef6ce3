import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { openWinrm } from './open.ts';
import { type Script, type ScriptedServer, answer, startScripted } from './scripted-server.ts';

/*
 * Answers as Windows Server 2012 R2 and 2016 are known to write them, line breaks between elements included: a declaration
 * or none, streams that end in elements of their own, states before or after them, activity ids, namespaces nobody uses.
 */

const NAMESPACES =
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ' +
  'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" ' +
  'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"';
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const SHELL_ID = '6C2E1C2F-7F1B-4B7A-9A57-52E4B8B1D8F0';
const COMMAND_ID = '1A0B9C77-3A35-4F55-8B64-0F6F0C3B7E11';

const pretty = (
  action: string,
  body: string,
  declaration = '',
): string => `${declaration}<s:Envelope xml:lang="en-US" ${NAMESPACES}>
    <s:Header>
        <a:Action>${action}</a:Action>
        <a:MessageID>uuid:2D1A6C5E-0B1F-4B0F-9B0C-7E1B5D1F9A01</a:MessageID>
        <p:ActivityId>04F7B23C-6A3D-0001-8D3A-F7043D6AD301</p:ActivityId>
        <a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>
        <a:RelatesTo>uuid:8A9D2D8E-3D7C-4F39-8F0B-9E6C6B7C5D02</a:RelatesTo>
    </s:Header>
    <s:Body>${body}</s:Body>
</s:Envelope>
`;

const DECLARED = '<?xml version="1.0" ?>\n';

const created = pretty(
  'http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse',
  `
        <x:ResourceCreated>
            <a:Address>http://win7.example:5985/wsman</a:Address>
            <a:ReferenceParameters>
                <w:ResourceURI>${SHELL}/cmd</w:ResourceURI>
                <w:SelectorSet>
                    <w:Selector Name="ShellId">${SHELL_ID}</w:Selector>
                </w:SelectorSet>
            </a:ReferenceParameters>
        </x:ResourceCreated>
        <rsp:Shell>
            <rsp:ShellId>${SHELL_ID}</rsp:ShellId>
            <rsp:ResourceUri>${SHELL}/cmd</rsp:ResourceUri>
            <rsp:Owner>WIN7\\vagrant</rsp:Owner>
            <rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime>
            <rsp:InputStreams>stdin</rsp:InputStreams>
            <rsp:OutputStreams>stdout stderr</rsp:OutputStreams>
        </rsp:Shell>
    `,
  DECLARED,
);

const started = pretty(
  `${SHELL}/CommandResponse`,
  `
        <rsp:CommandResponse>
            <rsp:CommandId>${COMMAND_ID}</rsp:CommandId>
        </rsp:CommandResponse>
    `,
);

const stream = (name: string, text: string, rest = ''): string =>
  `
            <rsp:Stream CommandId="${COMMAND_ID}" Name="${name}"${rest}>${Buffer.from(text).toString('base64')}</rsp:Stream>`;
const streamEnd = (name: string): string =>
  `
            <rsp:Stream CommandId="${COMMAND_ID}" End="true" Name="${name}"/>`;
const state = (name: string, exitCode = ''): string =>
  `
            <rsp:CommandState CommandId="${COMMAND_ID}" State="${SHELL}/CommandState/${name}">${exitCode && `<rsp:ExitCode>${exitCode}</rsp:ExitCode>`}
            </rsp:CommandState>`;

const received = (...parts: readonly string[]): string =>
  pretty(
    `${SHELL}/ReceiveResponse`,
    `
        <rsp:ReceiveResponse>${parts.join('')}
        </rsp:ReceiveResponse>
    `,
  );

const fault = (subcode: string, text: string, detail: string): string =>
  pretty(
    'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault',
    `
        <s:Fault>
            <s:Code>
                <s:Value>s:Receiver</s:Value>
                <s:Subcode>
                    <s:Value>${subcode}</s:Value>
                </s:Subcode>
            </s:Code>
            <s:Reason>
                <s:Text xml:lang="">${text}  </s:Text>
            </s:Reason>
            <s:Detail>
                ${detail}
            </s:Detail>
        </s:Fault>
    `,
  );

const wsmanDetail = (code: string, text: string): string =>
  `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${code}" Machine="192.0.2.7">
                    <f:Message>${text}  </f:Message>
                </f:WSManFault>`;

/** The other form, with the attributes that CIM puts everywhere. */
const wmiDetail = (code: string, text: string): string => `<p:MSFT_WmiError b:IsCIM_Error="true"
                    xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/management/MSFT_WmiError"
                    xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
                    xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"
                    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="p:MSFT_WmiError_Type">
                    <p:CIMStatusCode xsi:type="cim:cimUnsignedInt">27</p:CIMStatusCode>
                    <p:CIMStatusCodeDescription xsi:type="cim:cimString" xsi:nil="true" />
                    <p:ErrorType xsi:type="cim:cimUnsignedShort">0</p:ErrorType>
                    <p:Message xsi:type="cim:cimString">${text} </p:Message>
                    <p:MessageID xsi:type="cim:cimString">HRESULT 0x${Number(code).toString(16)}</p:MessageID>
                    <p:error_Category xsi:type="cim:cimUnsignedInt">30</p:error_Category>
                    <p:error_Code xsi:type="cim:cimUnsignedInt">${code}</p:error_Code>
                    <p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type>
                    <p:error_WindowsErrorMessage xsi:type="cim:cimString">${text} </p:error_WindowsErrorMessage>
                </p:MSFT_WmiError>`;

const USUAL: Script = {
  Create: answer(created),
  Command: answer(started),
  Signal: answer(pretty(`${SHELL}/SignalResponse`, '\n        <rsp:SignalResponse/>\n    ', DECLARED)),
  Delete: answer(pretty('http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse', '')),
};

describe('WinRM client and the answers of real servers', () => {
  let server: ScriptedServer | undefined;
  afterEach(() => server?.close());

  const exec = async (script: Script) => {
    server = await startScripted({ ...USUAL, ...script });
    const deadline = Deadline.in(5000, 'testing');
    const channel = await openWinrm(
      { url: server.url, user: 'vagrant', password: new Secret('correct horse') },
      deadline,
    );
    try {
      return await channel.exec({ line: 'ipconfig /all' }, deadline);
    } finally {
      await channel.close();
    }
  };

  const outputs: Readonly<Record<string, readonly string[]>> = {
    'streams, their ends, then the state': [
      received(
        stream('stdout', '\r\nWindows IP '),
        stream('stdout', 'Configuration\r\n'),
        stream('stderr', 'oh\r\n'),
        streamEnd('stdout'),
        streamEnd('stderr'),
        state('Done', '3'),
      ),
    ],
    'the state before the streams': [
      received(
        state('Done', '3'),
        stream('stderr', 'oh\r\n', ' End="true"'),
        stream('stdout', '\r\nWindows IP Configuration\r\n', ' End="true"'),
      ),
    ],
    'pieces, of which some are empty': [
      received(stream('stdout', ''), stream('stderr', ''), state('Pending')),
      received(stream('stdout', '\r\nWindows IP '), state('Running')),
      received(stream('stderr', 'oh\r\n')),
      received(stream('stdout', 'Configuration\r\n'), streamEnd('stdout'), state('Running')),
      received(streamEnd('stderr'), state('Done', '3')),
    ],
    'Base64 in lines': [
      received(
        stream('stderr', 'oh\r\n'),
        stream('stdout', '\r\nWindows IP Configuration\r\n').replace(
          /(Base64)?(>)([A-Za-z0-9+]{8})/,
          '$2\n  $3\n  ',
        ),
        state('Done', '3'),
      ),
    ],
  };
  for (const [what, answers] of Object.entries(outputs)) {
    it(`reads ${what}`, async () => {
      const result = await exec({
        Receive: (response, nth) => answer(answers[nth]!)(response),
      });
      expect(result).toMatchObject({
        exitCode: 3,
        stdout: '\r\nWindows IP Configuration\r\n',
        stderr: 'oh\r\n',
      });
      expect(server?.asked.slice(-2)).toEqual(['Receive', 'Delete']);
      expect(server?.envelopes.at(-2)).toContain(`CommandId="${COMMAND_ID}"`);
      expect(server?.envelopes.at(-1)).toContain(`<w:Selector Name="ShellId">${SHELL_ID}</w:Selector>`);
    });
  }

  it('asks again after two time-outs', async () => {
    const timeout = fault(
      'w:TimedOut',
      'The service did not finish in time.',
      wsmanDetail('2150858793', 'The service did not finish in time.'),
    );
    const result = await exec({
      Receive: (response, nth) =>
        (nth < 2 ? answer(timeout, 500) : answer(received(stream('stdout', 'late'), state('Done', '0'))))(
          response,
        ),
    });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'late' });
    expect(server?.asked.filter((action) => action === 'Receive')).toHaveLength(3);
  });

  const bare = (code: string, reason: string): string =>
    pretty(
      'http://schemas.xmlsoap.org/ws/2004/08/addressing/fault',
      `
        <s:Fault>
            <s:Code>
                <s:Value>s:${code}</s:Value>
            </s:Code>${reason}
        </s:Fault>
    `,
    );

  const faults: readonly (readonly [what: string, action: string, xml: string, expected: object])[] = [
    [
      'no more commands, as WMI error',
      'Command',
      fault('w:InternalError', 'Too many.', wmiDetail('2150859174', 'Too many concurrent operations.')),
      { code: 'winrm-quota', setting: 'MaxConcurrentOperationsPerUser', retryable: true },
    ],
    [
      'no more shells, as WMI error',
      'Create',
      fault('w:QuotaLimit', 'Too many.', wmiDetail('2150859173', 'Too many concurrent shells.')),
      { code: 'winrm-quota', setting: 'MaxShellsPerUser', retryable: true },
    ],
    [
      'a request that breaks the schema',
      'Command',
      fault('w:SchemaValidationError', 'Bad XML.', wsmanDetail('2150858817', 'Bad XML.')),
      { code: 'winrm-protocol', blame: 'harness' },
    ],
    [
      'a header that is not understood, without subcode and detail',
      'Create',
      bare('MustUnderstand', '<s:Reason><s:Text xml:lang=""> No such header. </s:Text></s:Reason>'),
      {
        code: 'winrm-protocol',
        message: expect.stringContaining('(MustUnderstand: No such header.)') as unknown,
      },
    ],
    [
      'nothing but a code',
      'Create',
      bare('Unknown', ''),
      { code: 'winrm-fault', message: expect.stringContaining('(Unknown: without a reason)') as unknown },
    ],
    [
      'a shell that is gone',
      'Receive',
      fault('w:InvalidSelectors', 'Not found.', wsmanDetail('2150858843', 'Not found.')),
      { code: 'winrm-shell-gone', retryable: true },
    ],
  ];
  for (const [what, action, xml, expected] of faults) {
    it(`reports ${what}, and leaves no shell behind`, async () => {
      await expect(exec({ [action]: answer(xml, 500) })).rejects.toMatchObject({
        name: 'Fault',
        ...expected,
      });
      if (action !== 'Create') expect(server?.asked.at(-1)).toBe('Delete');
    });
  }
});
