import { Fault } from '../../harness/core/errors.ts';
import { audit } from './audit.ts';
import type { ControlFile } from './check-catalogue.ts';
import type { Control } from './control.ts';
import { down } from './down.ts';
import { environment } from './environment.ts';
import { install } from './install.ts';
import { logging } from './logging.ts';
import { logon } from './logon.ts';
import { prerequisites } from './prerequisites.ts';
import { proxy } from './proxy.ts';
import { refusals } from './refusals.ts';
import { tls } from './tls.ts';
import { uninstall } from './uninstall.ts';

/** The families, a file each, in the order of the story. */
export const FILES: readonly (ControlFile & { readonly controls: readonly Control[] })[] = [
  { file: 'prerequisites.ts', controls: prerequisites },
  { file: 'environment.ts', controls: environment },
  { file: 'tls.ts', controls: tls },
  { file: 'proxy.ts', controls: proxy },
  { file: 'install.ts', controls: install },
  { file: 'refusals.ts', controls: refusals },
  { file: 'logon.ts', controls: logon },
  { file: 'audit.ts', controls: audit },
  { file: 'logging.ts', controls: logging },
  { file: 'uninstall.ts', controls: uninstall },
  { file: 'down.ts', controls: down },
];

/** Every control there is. */
export const CATALOGUE: readonly Control[] = FILES.flatMap(({ controls }) => controls);

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
