import { expect } from '@playwright/test';
import { XMLParser } from 'fast-xml-parser';
import { type WsmanFault, timedOut, tooManyOperations } from './wsman-faults.ts';
import { decodeSoap, done, durationMs, faulted, parseRequest, received } from './wsman.ts';

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';

/** As pywinrm sends it: prefix `env`, explicit end tags, lower-case ids. */
const fromPywinrm = (action: string, header: string, body: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="${SHELL}"><env:Header><a:To>http://windows-host:5985/wsman</a:To><a:ReplyTo><a:Address mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><w:MaxEnvelopeSize mustUnderstand="true">153600</w:MaxEnvelopeSize><a:MessageID>uuid:2206d9af-733a-4800-9215-7317b48319c8</a:MessageID><w:Locale mustUnderstand="false" xml:lang="en-US"></w:Locale><w:OperationTimeout>PT20S</w:OperationTimeout><w:ResourceURI mustUnderstand="true">${SHELL}/cmd</w:ResourceURI><a:Action mustUnderstand="true">${action}</a:Action>${header}</env:Header><env:Body>${body}</env:Body></env:Envelope>`;

/** As winrmcp sends it: line breaks, empty-element tags, CDATA. */
const fromWinrmcp = (action: string, header: string, body: string): string =>
  `<?xml version="1.0" encoding="utf-8" ?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="${SHELL}" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><env:Header><a:To>http://127.0.0.1:23901/wsman</a:To>
<w:OperationTimeout>PT1M</w:OperationTimeout>
<a:MessageID>uuid:2a9551f7-cb1e-444a-849f-015e0fa00242</a:MessageID>
<w:Locale mustUnderstand="false" xml:lang="en-US"/><a:Action mustUnderstand="true">${action}</a:Action>
${header}
</env:Header>
<env:Body>${body}
</env:Body>
</env:Envelope>

`;

const SELECTOR =
  '<w:SelectorSet><w:Selector Name="ShellId">f40ffbda-9dc2-4ca4-9f86-32b2ad238f3b</w:Selector>\n</w:SelectorSet>';

describe('parseRequest', () => {
  it('reads Create with its options', () => {
    const request = parseRequest(
      fromPywinrm(
        'http://schemas.xmlsoap.org/ws/2004/09/transfer/Create',
        '<w:OptionSet><w:Option Name="WINRS_NOPROFILE">FALSE</w:Option><w:Option Name="WINRS_CODEPAGE">437</w:Option></w:OptionSet>',
        '<rsp:Shell><rsp:Environment><rsp:Variable Name="A">1 &amp; 2</rsp:Variable></rsp:Environment><rsp:WorkingDirectory>C:\\x</rsp:WorkingDirectory><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
      ),
    );
    expect(request).toMatchObject({
      operation: 'Create',
      messageId: 'uuid:2206d9af-733a-4800-9215-7317b48319c8',
      operationTimeoutMs: 20_000,
      environment: { A: '1 & 2' },
      workingDirectory: 'C:\\x',
    });
    expect(request.options.get('WINRS_CODEPAGE')).toBe('437');
  });

  it('reads Command with CDATA, and with arguments', () => {
    const cdata = parseRequest(
      fromWinrmcp(
        `${SHELL}/Command`,
        SELECTOR,
        '<rsp:CommandLine><rsp:Command><![CDATA[echo aGk= >> "%TEMP%\\a.tmp"]]></rsp:Command>\n</rsp:CommandLine>',
      ),
    );
    expect(cdata).toMatchObject({
      operation: 'Command',
      shellId: 'F40FFBDA-9DC2-4CA4-9F86-32B2AD238F3B',
      commandLine: 'echo aGk= >> "%TEMP%\\a.tmp"',
      operationTimeoutMs: 60_000,
    });
    const line = parseRequest(
      fromPywinrm(
        `${SHELL}/Command`,
        SELECTOR,
        '<rsp:CommandLine><rsp:Command>reg</rsp:Command><rsp:Arguments>query</rsp:Arguments><rsp:Arguments>"HKLM\\a b"</rsp:Arguments></rsp:CommandLine>',
      ),
    );
    expect(line.commandLine).toBe('reg query "HKLM\\a b"');
  });

  it('reads Receive, Send and Signal', () => {
    const id = 'af82c87e-bfac-4854-a372-f8828d1b8f98';
    const receive = `<rsp:Receive><rsp:DesiredStream CommandId="${id}">stdout stderr</rsp:DesiredStream></rsp:Receive>`;
    expect(parseRequest(fromPywinrm(`${SHELL}/Receive`, SELECTOR, receive)).commandId).toBe(id.toUpperCase());
    const send = `<rsp:Send><rsp:Stream Name="stdin" CommandId="${id}" End="TRUE">aGVsbG8=</rsp:Stream></rsp:Send>`;
    expect(parseRequest(fromPywinrm(`${SHELL}/Send`, SELECTOR, send)).input).toEqual({
      bytes: Buffer.from('hello'),
      end: true,
    });
    const signal = `<rsp:Signal CommandId="${id}"><rsp:Code>${SHELL}/signal/terminate</rsp:Code></rsp:Signal>`;
    expect(parseRequest(fromWinrmcp(`${SHELL}/Signal`, SELECTOR, signal))).toMatchObject({
      commandId: id.toUpperCase(),
      signal: 'terminate',
    });
  });

  it('reads what a client says of sizes and times, and nothing where it says nothing', () => {
    const said = parseRequest(
      fromPywinrm(
        'http://schemas.xmlsoap.org/ws/2004/09/transfer/Create',
        '',
        '<rsp:Shell><rsp:IdleTimeOut>PT60.000S</rsp:IdleTimeOut></rsp:Shell>',
      ),
    );
    expect(said).toMatchObject({
      maxEnvelopeSize: 153_600,
      operationTimeoutMs: 20_000,
      idleTimeoutMs: 60_000,
      resourceUri: `${SHELL}/cmd`,
    });
    const bare = parseRequest(
      `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><Action>${SHELL}/Receive</Action></e:Header></e:Envelope>`,
    );
    expect([bare.maxEnvelopeSize, bare.operationTimeoutMs, bare.idleTimeoutMs]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reads UTF-16, with or without its mark, as clients on Windows send it', () => {
    const xml = fromPywinrm(`${SHELL}/Signal`, SELECTOR, '<rsp:Signal CommandId="ü"></rsp:Signal>');
    for (const mark of ['', '\uFEFF']) {
      const bytes = Buffer.from(mark + xml, 'utf16le');
      const text = decodeSoap({ bytes, contentType: 'application/soap+xml;charset=UTF-16' });
      expect(parseRequest(text).commandId).toBe('Ü');
    }
  });

  it('takes no document type: entities of one’s own making are there to do harm', () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "b">]>${fromPywinrm(`${SHELL}/Receive`, SELECTOR, '&a;')}`;
    expect(() => parseRequest(bomb)).toThrow(/did not match a known schema/);
  });

  it('refuses what is no request of a shell', () => {
    const codes = ['', 'no XML', '<a/>', fromPywinrm('http://example/Other', '', '')].map((xml) => {
      try {
        parseRequest(xml);
        return 0;
      } catch (error) {
        return (error as WsmanFault).code;
      }
    });
    expect(codes).toEqual([2150858817, 2150858817, 2150858817, 2150858771]);
  });
});

describe('answers', () => {
  const request = parseRequest(
    fromPywinrm(
      `${SHELL}/Receive`,
      SELECTOR,
      '<rsp:Receive><rsp:DesiredStream CommandId="c1">stdout</rsp:DesiredStream></rsp:Receive>',
    ),
  );
  const parse = (xml: string): unknown =>
    new XMLParser({ removeNSPrefix: true, ignoreAttributes: false }).parse(xml) as unknown;

  it('carry the streams, and the exit code only at the end', () => {
    const output = { stdout: Buffer.from('hi'), stderr: Buffer.alloc(0) };
    const running = received(request, output, undefined);
    expect(running).toContain('<rsp:Stream Name="stdout" CommandId="C1">aGk=</rsp:Stream>');
    expect(running).toContain('CommandState/Running');
    expect(running).not.toContain('ExitCode');
    expect(received(request, output, 3010)).toContain('<rsp:ExitCode>3010</rsp:ExitCode>');
  });

  it('are well-formed and name the message that they answer', () => {
    const answers = [
      done(request),
      received(request, { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }, 0),
    ];
    const faults = [timedOut(), tooManyOperations(1500, 'MSFT_WmiError')];
    for (const xml of [...answers, ...faults.map((fault) => faulted(request.messageId, fault, 'WIN7-LAB'))]) {
      expect(parse(xml)).toMatchObject({ Envelope: { Header: { RelatesTo: request.messageId } } });
    }
  });

  it('carry the number of a fault', () => {
    expect(faulted('', timedOut(), 'X')).toContain('Code="2150858793"');
  });
});

describe('durationMs', () => {
  it('reads what clients send', () => {
    expect(['PT20S', 'PT1M', 'PT60.000S', 'P0DT1H', 'soon'].map(durationMs)).toEqual([
      20_000,
      60_000,
      60_000,
      3_600_000,
      undefined,
    ]);
  });
});
