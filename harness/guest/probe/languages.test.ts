import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { Channel } from '../channel.ts';
import { type Facts, SSPR_CLSID } from '../facts.ts';
import { probe } from './run.ts';
import { type PrivateWine, startPrivateWine } from './wine.ts';

/** The languages of the project's source documents, with the marks by which a Windows of each is known. */
const LANGUAGES = {
  en: { locale: 'en_US', user: 'Anna O’Brien', decimal: '.', date: 'M/d/yyyy', lcid: '0409' },
  es: { locale: 'es_ES', user: 'José Ñandú', decimal: ',', date: 'd/M/yyyy', lcid: '0c0a' },
  fr: { locale: 'fr_FR', user: 'Zoé Lefèvre-Noël', decimal: ',', date: 'dd/MM/yyyy', lcid: '040c' },
  sv: { locale: 'sv_SE', user: 'Åsa Öberg Ängström', decimal: ',', date: 'yyyy-MM-dd', lcid: '041d' },
  zh: { locale: 'zh_CN', user: '王小明𠮷', decimal: '.', date: 'yyyy/M/d', lcid: '0804' },
} as const;
type Language = keyof typeof LANGUAGES;

const CURRENT_VERSION = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
const PROVIDERS = `${CURRENT_VERSION}\\Authentication\\Credential Providers`;
const NAME = 'Återställ lösenord – Réinitialiser « oublié » – ¿Contraseña? – 密码重置 𠮷🔑';
const FOLDER = 'C:\\Återställ 密码 é';
const HALF = 'half a pair \ud83d';
const LONG = `Microsoft SSPR ${'é长'.repeat(20_000)}`;

/** A machine with the add-in, of which everything has a name in all languages at once. */
const registry = (language: Language): string => `Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Environment]
"TEMP"="C:\\\\Users\\\\${LANGUAGES[language].user}"
"TMP"="C:\\\\Users\\\\${LANGUAGES[language].user}"

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language]
"InstallLanguage"="${LANGUAGES[language].lcid}"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion]
"ProductName"="Windows 7 ${NAME}"

[${CURRENT_VERSION}\\Internet Settings]
"ProxyServer"="${HALF}"

[${CURRENT_VERSION}\\Internet Settings\\Connections]
"WinHttpSettings"=hex:18,00,00,00,00,00,00,00,01,00,00,00,00,00,00,00,00,00,00,00

[HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxyEnable"=dword:80000000
"ProxyServer"=hex(7):61,00,00,00,62,00,00,00,00,00
"AutoConfigURL"=hex(1):61,00,00,00,62,00,00,00

[${PROVIDERS}\\${SSPR_CLSID}]
@="${NAME}"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\CLSID\\${SSPR_CLSID}\\InprocServer32]
@="${FOLDER.replaceAll('\\', '\\\\')}\\\\provider.dll"

[${CURRENT_VERSION}\\Uninstall\\SSPR ${NAME}]
"DisplayName"="${LONG}"
"DisplayVersion"="1,5"
`;

describe('The probe under real cscript (Wine), in the language of the machine', function () {
  this.timeout(120_000);
  const locales = mkdtempSync(join(tmpdir(), 'probe-locales-'));
  const read: Partial<Record<Language, Facts>> = {};
  let wine: PrivateWine;
  const deadline = (): Deadline => Deadline.in(60_000, 'probing');

  before(async () => {
    const define = (locale: string) => {
      const target = join(locales, `${locale}.UTF-8`);
      return promisify(execFile)('localedef', ['-i', locale, '-f', 'UTF-8', '--no-archive', target]);
    };
    [wine] = await Promise.all([
      startPrivateWine(),
      ...Object.values(LANGUAGES).map(({ locale }) => define(locale)),
    ]);
    mkdirSync(wine.path(FOLDER), { recursive: true });
    await wine.put(Buffer.from('MZ'), `${FOLDER}\\provider.dll`, deadline());
    // Without one, what the prompt says to that is in the machine's language.
    await wine.put(Buffer.from('@echo  rdp-tcp#12 anna\r\n'), 'C:\\windows\\qwinsta.bat', deadline());
  });

  after(async () => {
    await wine.close();
    rmSync(locales, { recursive: true, force: true });
  });

  for (const [language, { locale, user, decimal, date, lcid }] of Object.entries(LANGUAGES)) {
    it(`answers in ASCII, and brings every name through: ${locale}`, async () => {
      wine.setEnvironment({ LOCPATH: locales, LANG: `${locale}.UTF-8`, LC_ALL: `${locale}.UTF-8` });
      mkdirSync(wine.path(`C:\\Users\\${user}`), { recursive: true });
      const file = Buffer.from(`\ufeff${registry(language as Language).replaceAll('\n', '\r\n')}`, 'utf16le');
      await wine.put(file, 'C:\\facts.reg', deadline());
      await wine.exec({ line: 'regedit /S C:\\facts.reg' }, deadline());
      const international = 'reg query "HKCU\\Control Panel\\International" /v';
      const { stdout } = await wine.exec(
        { line: `${international} sDecimal & ${international} sShortDate` },
        deadline(),
      );
      expect(stdout).toMatch(
        new RegExp(`sDecimal +REG_SZ +\\${decimal}\\s[^]*sShortDate +REG_SZ +${date}\\s`),
      );

      const said: string[] = [];
      const listening: Channel = {
        ...wine,
        async exec(command, limit) {
          const result = await wine.exec(command, limit);
          said.push(result.stdout);
          return result;
        },
      };
      const facts = await probe(listening, { urls: [] }, deadline());
      expect(said.at(-1)).toMatch(/^[\r\n\x20-\x7e]+$/);
      expect(facts.failures).toEqual({});
      expect(facts.os).toMatchObject({ productName: `Windows 7 ${NAME}`, locale: lcid });
      expect(facts.environment.remoteSessions).toEqual({ state: 'present', value: ['rdp-tcp#12'] });
      expect(facts.credentialProviders).toEqual([
        {
          clsid: SSPR_CLSID,
          name: NAME,
          disabled: false,
          dll: { state: 'present', value: `${FOLDER}\\provider.dll` },
          dllExists: true,
          dllVersion: expect.objectContaining({ state: expect.stringMatching(/absent|unreadable/) }),
        },
      ]);
      const { winHttpSettings, systemProxyEnable, machineProxyServer, systemProxyServer } = facts.proxy;
      expect(winHttpSettings).toEqual({
        state: 'present',
        value: '1800000000000000010000000000000000000000',
      });
      expect(systemProxyEnable).toEqual({ state: 'present', value: 0x80000000 });
      expect(machineProxyServer).toEqual({ state: 'present', value: HALF });
      expect(systemProxyServer.state).toBe('unreadable');
      expect(facts.products).toEqual([
        { key: `SSPR ${NAME}`, displayName: LONG, displayVersion: '1,5', publisher: '', wow64: false },
      ]);
      read[language as Language] = facts;
    });
  }

  it('reads the same facts in every language', () => {
    const same = Object.values(read).map(({ clock: _clock, os: { locale: _locale, ...os }, ...rest }) => ({
      ...rest,
      os,
    }));
    expect(same).toHaveLength(5);
    for (const facts of same) expect(facts).toEqual(same[0]);
  });
});
