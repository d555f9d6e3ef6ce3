import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { hostStateFolder } from './host-state.ts';

describe('the folder in which a host remembers what runs share', () => {
  const below = (folder: string): string => join(folder, 'sspr-logon-compliance');
  const home = below(join(homedir(), '.local', 'state'));

  for (const [name, environment, expected] of [
    ['the usual one of the home folder', {}, home],
    ['that of XDG', { XDG_STATE_HOME: '/state', LOCALAPPDATA: '/local' }, below('/state')],
    ['that of Windows', { LOCALAPPDATA: '/local' }, below('/local')],
    ['not that of an empty variable', { XDG_STATE_HOME: '', LOCALAPPDATA: '' }, home],
    ['not a relative one, which would be another one elsewhere', { XDG_STATE_HOME: 'state' }, home],
    ['the one named for tests, as it is', { SSPR_STATE_FOLDER: '/here', XDG_STATE_HOME: '/state' }, '/here'],
  ] as const) {
    it(`is ${name}`, () => expect(hostStateFolder(environment)).toBe(expected));
  }
});
