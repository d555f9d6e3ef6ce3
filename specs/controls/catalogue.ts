import { Fault } from '../../harness/core/errors.ts';
import { audit } from './audit.ts';
import type { Control } from './control.ts';
import { down } from './down.ts';
import { install } from './install.ts';
import { logging } from './logging.ts';
import { logon } from './logon.ts';
import { prerequisites } from './prerequisites.ts';
import { proxy } from './proxy.ts';
import { tls } from './tls.ts';
import { uninstall } from './uninstall.ts';

/** Every control there is, by family, in the order of the story. */
export const CATALOGUE: readonly Control[] = [
  ...prerequisites,
  ...tls,
  ...proxy,
  ...install,
  ...logon,
  ...audit,
  ...logging,
  ...uninstall,
  ...down,
];

const BY_ID: ReadonlyMap<string, Control> = new Map(CATALOGUE.map((control) => [control.id, control]));

/** @throws Fault `unknown-control` */
export function controlById(id: string): Control {
  const control = BY_ID.get(id);
  if (control !== undefined) return control;
  throw new Fault(`There is no control "${id}"`, {
    code: 'unknown-control',
    blame: 'config',
    remedy: `Use one of the ids of docs/controls.md: ${CATALOGUE.map((known) => known.id).join(', ')}.`,
  });
}
