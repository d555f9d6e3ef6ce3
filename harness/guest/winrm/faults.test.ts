import { expect } from '@playwright/test';
import type { Blame } from '../../core/errors.ts';
import { readAnswer } from './answer.ts';
import { explainFault } from './faults.ts';
import { QUOTAS, type Quota, QuotaFault, raiseQuota } from './quotas.ts';
import { soap, wmiFault, wsmanFault } from './scripted-server.ts';

/** What was thrown. */
function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The error of an answer, or `poll again`. */
const errorOf = (xml: string, status = 500): unknown =>
  thrownBy(() => {
    if (readAnswer(status, xml, 'testing').timedOut) throw new Error('poll again');
  });

describe('faults of WinRM', () => {
  /** Every fault code of facts 7.3. */
  const FACTS: readonly (readonly [number: number, code: string, blame: Blame, retryable: boolean])[] = [
    [0x8033805b, 'winrm-shell-gone', 'machine', true],
    [0x803381a6, 'winrm-quota', 'machine', true],
    [0x803381a5, 'winrm-quota', 'machine', true],
    [0x80338041, 'winrm-protocol', 'harness', false],
    [0x8033801a, 'winrm-protocol', 'harness', false],
    [0x800703fa, 'winrm-shell-gone', 'machine', true],
    [995, 'winrm-shell-gone', 'machine', true],
    [5, 'winrm-access-denied', 'config', false],
    [0x80338012, 'winrm-unreachable', 'machine', true],
    [0x80338126, 'winrm-unreachable', 'machine', true],
  ];
  for (const [number, code, blame, retryable] of FACTS) {
    it(`${number} is ${code}, in either form of detail`, () => {
      for (const xml of [
        wsmanFault(String(number), 'Any', 'what it says'),
        wmiFault(String(number), 'what it says'),
      ]) {
        const error = errorOf(xml);
        expect(error).toMatchObject({ name: 'Fault', code, blame, retryable });
        expect((error as Error).message).toContain(`(${number}: what it says)`);
      }
    });
  }

  it('2150858793 is no error, in either form of detail', () => {
    for (const xml of [
      wsmanFault('2150858793', 'TimedOut', 'too late'),
      wmiFault('2150858793', 'too late'),
      wsmanFault('', 'TimedOut', 'without a number'),
    ]) {
      expect(readAnswer(500, xml, 'testing')).toEqual({ timedOut: true });
    }
  });

  const FOR_QUOTAS: readonly (readonly [number: number, quota: Quota])[] = [
    [0x803381a5, 'MaxShellsPerUser'],
    [0x803381e4, 'MaxShellsPerUser'],
    [0x803381a6, 'MaxConcurrentOperationsPerUser'],
    [0x803381e8, 'MaxConcurrentOperationsPerUser'],
    [0x803381ab, 'MaxConcurrentUsers'],
    [0x803381e5, 'MaxConcurrentUsers'],
    [0x803381e9, 'MaxProcessesPerShell'],
    [1816, 'MaxProcessesPerShell'],
    [0x80070718, 'MaxProcessesPerShell'],
    [14, 'MaxMemoryPerShellMB'],
    [0x8007000e, 'MaxMemoryPerShellMB'],
    [0x80338048, 'MaxEnvelopeSizekb'],
  ];
  for (const [number, quota] of FOR_QUOTAS) {
    it(`${number} names the setting ${quota}, and how to raise it`, () => {
      for (const xml of [wsmanFault(String(number), 'QuotaLimit', 'x'), wmiFault(String(number), 'x')]) {
        const error = errorOf(xml);
        expect(error).toBeInstanceOf(QuotaFault);
        expect(error).toMatchObject({ code: 'winrm-quota', setting: quota, retryable: true });
        expect((error as QuotaFault).remedy).toContain(raiseQuota(quota));
      }
    });
  }

  it('covers every quota', () => {
    expect(new Set(FOR_QUOTAS.map(([, quota]) => quota))).toEqual(new Set(QUOTAS));
  });

  it('gives commands that both cmd.exe and PowerShell read as they are meant', () => {
    expect(raiseQuota('MaxShellsPerUser')).toBe(
      'winrm set winrm/config/winrs @{MaxShellsPerUser="30"} (in cmd.exe; ' +
        `in PowerShell: winrm set winrm/config/winrs '@{MaxShellsPerUser="30"}')`,
    );
    expect(raiseQuota('MaxConcurrentOperationsPerUser')).toContain(
      'winrm set winrm/config/service @{MaxConcurrentOperationsPerUser="1500"} ',
    );
    expect(raiseQuota('MaxEnvelopeSizekb')).toContain('winrm set winrm/config @{MaxEnvelopeSizekb="500"} ');
  });

  /** The texts that MS-WSMV 3.1.4.5.2.1 specifies, and those of Windows 7. */
  const TEXTS: readonly (readonly [text: string, quota: Quota])[] = [
    [
      'The server is already executing the maximum number of concurrent shells a user can remotely open on the same system.',
      'MaxShellsPerUser',
    ],
    [
      'The server exceeded the maximum number of users concurrently performing remote operations on the same system.',
      'MaxConcurrentUsers',
    ],
    [
      'This user is allowed a maximum number of 15 concurrent operations, which has been exceeded.',
      'MaxConcurrentOperationsPerUser',
    ],
  ];
  for (const [text, quota] of TEXTS) {
    it(`knows ${quota} by the text when there is no number`, () => {
      expect(errorOf(wmiFault('', text))).toMatchObject({ setting: quota });
    });
  }

  it('says of a quota that it does not know where to look', () => {
    const error = errorOf(wmiFault('', 'zu viele'));
    expect(error).toMatchObject({ code: 'winrm-quota' });
    expect((error as QuotaFault).remedy).toContain('winrm get winrm/config');
  });

  const LOGONS = [1326, 1327, 1330, 1331, 1385, 1907, 1909];
  for (const number of LOGONS) {
    it(`${number} and its HRESULT say that the account cannot sign in`, () => {
      for (const written of [String(number), String(0x80070000 + number)]) {
        expect(errorOf(wsmanFault(written, 'AccessDenied', 'x'))).toMatchObject({
          code: 'winrm-unauthorized',
          blame: 'config',
          retryable: false,
        });
      }
    });
  }

  it('reads a number however it is written', () => {
    for (const written of ['2150859173', ' 2150859173\n', '-2144108123', '0x803381A5', '0x803381a5']) {
      expect(errorOf(wsmanFault(written, 'Any', 'x'))).toMatchObject({ setting: 'MaxShellsPerUser' });
    }
  });

  it('is not led astray by names that every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(explainFault({ number: name, subcode: name, reason: '' }, 'testing')).toMatchObject({
        code: 'winrm-fault',
      });
    }
  });

  it('looks at the number of the provider when it does not know that of the service', () => {
    const xml = soap(
      '<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Detail><f:WSManFault xmlns:f="f" Code="42" Machine="m">' +
        '<f:Message><f:ProviderFault provider="Config provider" path="WsmSvc.dll"><f:WSManFault Code="5" Machine="m">' +
        '<f:Message>Access is denied. </f:Message></f:WSManFault></f:ProviderFault></f:Message></f:WSManFault></s:Detail></s:Fault>',
    );
    expect(errorOf(xml)).toMatchObject({ code: 'winrm-access-denied' });
    expect((errorOf(xml) as Error).message).toContain('(42: Access is denied.)');
  });

  it('prefers English where there are several languages', () => {
    const texts = (...languages: readonly string[]): string =>
      soap(
        `<s:Fault><s:Reason>${languages.map((language) => `<s:Text xml:lang="${language}">in ${language}</s:Text>`).join('')}</s:Reason></s:Fault>`,
      );
    expect((errorOf(texts('de-DE', 'en-US', 'fr-FR')) as Error).message).toContain('in en-US');
    expect((errorOf(texts('de-DE', 'fr-FR')) as Error).message).toContain('in de-DE');
    expect(
      (errorOf(soap('<s:Fault><s:Reason><s:Text>plain</s:Text></s:Reason></s:Fault>')) as Error).message,
    ).toContain('plain');
  });

  it('needs nothing but the number', () => {
    const detail = '<f:WSManFault xmlns:f="f" Code="5"/>';
    expect(errorOf(soap(`<s:Fault><s:Detail>${detail}</s:Detail></s:Fault>`))).toMatchObject({
      code: 'winrm-access-denied',
    });
  });

  it('makes do with whatever parts a fault has', () => {
    const parts = [
      '',
      'just text',
      '<s:Code/>',
      '<s:Code><s:Value>s:Sender</s:Value></s:Code>',
      '<s:Reason/>',
      '<s:Reason><s:Text xml:lang="en-US"/></s:Reason>',
      '<s:Detail/>',
      '<s:Detail>text</s:Detail>',
      '<s:Detail><f:WSManFault xmlns:f="f"/></s:Detail>',
      '<s:Detail><f:WSManFault xmlns:f="f" Code="none"/></s:Detail>',
      '<s:Detail><p:MSFT_WmiError xmlns:p="p"/></s:Detail>',
      '<s:Detail><p:MSFT_WmiError xmlns:p="p"><p:error_Code/></p:MSFT_WmiError></s:Detail>',
    ];
    for (const part of parts) {
      expect(errorOf(soap(`<s:Fault>${part}</s:Fault>`)), part).toMatchObject({
        name: 'Fault',
        code: 'winrm-fault',
      });
    }
  });
});
