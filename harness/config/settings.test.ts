import { join } from 'node:path';
import { expect } from '@playwright/test';
import { parseConfig } from './load.ts';
import { resolveSettings } from './settings.ts';

const CONFIG = `version: 1
package: { path: ./SsprWindowsLogon.PROD.msi }
tenant: { id: 11111111-2222-4333-8444-555555555555, managedIdentity: true }
machines: [{ name: win7, os: win7, provider: virtualbox }]
accounts: [{ upn: a@b.example, displayName: A, mailbox: codes@b.example }]
`;

describe('what keeps the new passwords', () => {
  const folder = join(import.meta.dirname, 'somewhere');
  const keptBy = (passwords: string) => {
    const config = parseConfig(`${CONFIG}passwords: ${passwords}\n`, 'sspr.yaml');
    return resolveSettings({ config, file: join(folder, 'sspr.yaml') }, undefined).passwords;
  };

  it('is found from the configuration, but for a name that is looked for in PATH', () => {
    expect(keptBy('{ keep: file, path: ./kept.jsonl }')).toEqual({
      keep: 'file',
      path: join(folder, 'kept.jsonl'),
    });
    expect(keptBy('{ keep: command, command: [./keep, ./as-it-is] }')).toEqual({
      keep: 'command',
      command: [join(folder, 'keep'), './as-it-is'],
    });
    expect(keptBy('{ keep: command, command: [keep] }')).toEqual({ keep: 'command', command: ['keep'] });
    expect(keptBy('{ keep: memory }')).toEqual({ keep: 'memory' });
  });
});
