import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { loadConfig } from '../config/load.ts';
import { CATALOGUE } from '../../specs/controls/catalogue.ts';
import { checkWaivers } from './waivers.ts';

describe('waivers of a configuration', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-waivers-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const check = (...controls: string[]) => {
    const file = join(folder, 'sspr.yaml');
    const waivers = controls.map(
      (control) =>
        `  - control: ${control}\n    reason: It is replaced soon.\n    owner: Quality\n    expires: 2027-03-31\n`,
    );
    writeFileSync(
      file,
      `version: 1\nmachines: [{ name: win7, os: win7 }]\nwaivers:${waivers.length === 0 ? ' []' : ''}\n${waivers.join('')}`,
    );
    checkWaivers(loadConfig(file), CATALOGUE);
  };

  it('are accepted of every control that there is', () => {
    expect(() => check(...CATALOGUE.map(({ id }) => id))).not.toThrow();
    expect(() => check()).not.toThrow();
    expect(() => checkWaivers(loadConfig('lab'), CATALOGUE)).not.toThrow();
  });

  it('are refused of others, each with its place and the id that was probably meant', () => {
    const refused = () => check('tls.client-enabled', 'audit.pasword-changed', 'tls.client-enabeld');
    expect(refused).toThrow(expect.objectContaining({ code: 'config-invalid', blame: 'config' }));
    expect(refused).toThrow(
      /sspr\.yaml:8:14 waivers\.1\.control: found audit\.pasword-changed; expected the id of a control \(docs\/controls\.md\), perhaps audit\.password-changed\n.*sspr\.yaml:12:14 waivers\.2\.control: found tls\.client-enabeld; .*, perhaps tls\.client-enabled$/,
    );
  });
});
