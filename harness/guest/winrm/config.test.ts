import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { type WinrmConfig, readWinrmConfig } from './config.ts';
import { readConfig } from './config-answer.ts';
import { MalformedAnswer, readBody } from './responses.ts';
import {
  type Script,
  type ScriptedServer,
  answer,
  soap,
  startScripted,
  wsmanFault,
} from './scripted-server.ts';

describe("settings of a machine's WinRM", () => {
  let server: ScriptedServer | undefined;
  afterEach(() => server?.close());

  const read = async (script: Script = {}): Promise<WinrmConfig> => {
    server = await startScripted(script);
    const endpoint = { url: server.url, user: 'vagrant', password: new Secret('correct horse') };
    return readWinrmConfig(endpoint, Deadline.in(5000, 'testing'));
  };

  const SETTINGS: WinrmConfig = {
    MaxEnvelopeSizekb: 150,
    MaxTimeoutms: 60_000,
    winrs: {
      AllowRemoteShellAccess: true,
      IdleTimeout: 180_000,
      MaxConcurrentUsers: 5,
      MaxProcessesPerShell: 15,
      MaxMemoryPerShellMB: 150,
      MaxShellsPerUser: 5,
    },
    service: {
      AllowUnencrypted: false,
      MaxConcurrentOperationsPerUser: 15,
      auth: { Basic: false, Negotiate: true, CbtHardeningLevel: 'Relaxed' },
    },
    productVersion: 'OS: 6.1.7601 SP: 1.0 Stack: 2.0',
  };

  it('are read without opening a shell', async () => {
    expect(await read()).toEqual(SETTINGS);
    expect(server?.asked).toEqual(['Get', 'Identify']);
    expect(server?.envelopes[0]).toContain(
      '>http://schemas.microsoft.com/wbem/wsman/1/config</w:ResourceURI>',
    );
    expect(server?.envelopes[1]).toContain('<s:Header/>');
  });

  it('are worth having also where the server does not say who it is', async () => {
    const { productVersion, ...settings } = await read({ Identify: answer('', 404) });
    expect(productVersion).toBeUndefined();
    expect(settings).toEqual({ ...SETTINGS, productVersion: undefined });
  });

  it('could not be read by an account that may not', async () => {
    await expect(read({ Get: answer(wsmanFault('5', 'AccessDenied', 'denied'), 500) })).rejects.toMatchObject(
      {
        code: 'winrm-config-unreadable',
        blame: 'config',
      },
    );
  });

  it('could not be read from what is no WinRM', async () => {
    await expect(read({ Get: answer(soap('<a/>')) })).rejects.toMatchObject({ code: 'winrm-protocol' });
  });

  it('may lack whatever a version of Windows lacks, but must be what they should be', () => {
    const config = (body: string): WinrmConfig =>
      readConfig(readBody(soap(`<c:Config xmlns:c="c">${body}</c:Config>`)));
    expect(config('<c:MaxTimeoutms>60000</c:MaxTimeoutms>')).toEqual({
      MaxTimeoutms: 60_000,
      winrs: {},
      service: { auth: {} },
    });
    expect(config('<c:Service/><c:Winrs/>')).toEqual({ winrs: {}, service: { auth: {} } });
    for (const wrong of [
      '<c:MaxTimeoutms>many</c:MaxTimeoutms>',
      '<c:MaxTimeoutms/>',
      '<c:Winrs><c:MaxShellsPerUser>-1</c:MaxShellsPerUser></c:Winrs>',
      '<c:Service><c:AllowUnencrypted>perhaps</c:AllowUnencrypted></c:Service>',
    ]) {
      expect(() => config(wrong), wrong).toThrow(MalformedAnswer);
    }
  });
});
