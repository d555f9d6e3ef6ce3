import { expect } from '@playwright/test';
import { configSchema } from '../config/schema.ts';
import { LAB_MACHINES } from '../config/lab-machines.ts';
import { selectMachines, selectStages } from './selection.ts';

const { machines } = configSchema.parse({ version: 1, machines: LAB_MACHINES });

describe('the selection of machines and stages', () => {
  it('takes everything when nothing is named', () => {
    expect(selectMachines(machines, [])).toHaveLength(3);
    expect(selectStages([], false).at(0)).toBe('up');
  });

  it('keeps the order of the story, whatever the order of the words', () => {
    expect(selectStages(['logon', 'install'], false)).toEqual(['install', 'logon']);
  });

  it('leaves the machine alone with --as-is', () => {
    expect(selectStages([], true)).not.toContain('up');
    expect(selectStages([], true)).not.toContain('down');
  });

  it('names what it does not know, and what it knows', () => {
    expect(() => selectMachines(machines, ['winxp'])).toThrow(
      /Found the machine "winxp"; expected one of: win7, win8, win81/,
    );
    expect(() => selectStages(['logoff'], false)).toThrow(
      /Found the stage "logoff"; expected one of: up, facts/,
    );
  });
});
