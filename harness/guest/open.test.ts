import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import { WINRM_AUTHENTICATIONS, type WinrmEndpoint } from '../core/endpoints.ts';
import { Secret } from '../core/secret.ts';
import type { Channel } from './channel.ts';
import { openChannel, type Ways } from './open.ts';

const channel = (name: string): Channel & { readonly name: string } => ({
  name,
  exec: () => Promise.reject(new Error(name)),
  put: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

const WINRM = channel('winrm');
const POWERSHELL = channel('powershell');

const ways = (platform: NodeJS.Platform, environment: Record<string, string> = {}): Ways => ({
  winrm: () => Promise.resolve(WINRM),
  powershell: () => Promise.resolve(POWERSHELL),
  platform,
  environment,
});

const endpoint = (authentication?: WinrmEndpoint['authentication']): WinrmEndpoint => ({
  url: 'http://win7:5985/wsman',
  user: 'x',
  password: new Secret('x', 'everybody'),
  ...(authentication && { authentication }),
});

const soon = (): Deadline => Deadline.in(1000, 'a test');

describe('openChannel', () => {
  const expected = new Map<string | undefined, Channel>([
    ['negotiate', POWERSHELL],
    ['kerberos', POWERSHELL],
  ]);
  for (const authentication of [undefined, ...WINRM_AUTHENTICATIONS]) {
    it(`on Windows takes the way for ${authentication ?? 'no authentication in particular'}`, async () => {
      const opened = await openChannel(endpoint(authentication), soon(), ways('win32'));
      expect(opened).toBe(expected.get(authentication) ?? WINRM);
    });
  }

  for (const authentication of ['negotiate', 'kerberos'] as const) {
    it(`elsewhere says what to use instead of ${authentication}`, async () => {
      for (const environment of [{}, { SSPR_POWERSHELL: '' }]) {
        const refused = openChannel(endpoint(authentication), soon(), ways('linux', environment));
        await expect(refused).rejects.toMatchObject({
          code: 'winrm-needs-windows',
          blame: 'config',
          remedy: expect.stringContaining('winrm.authentication: ntlm'),
        });
      }
      const named = ways('linux', { SSPR_POWERSHELL: '/opt/pwsh' });
      expect(await openChannel(endpoint(authentication), soon(), named)).toBe(POWERSHELL);
    });
  }

  it('elsewhere needs nothing for the rest', async () => {
    expect(await openChannel(endpoint('ntlm'), soon(), ways('linux'))).toBe(WINRM);
  });
});
