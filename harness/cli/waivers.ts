import { type LoadedConfig, mistaken } from '../config/load.ts';
import { similar } from '../console/text/match.ts';

/**
 * Whether every waiver is of a control that there is; the configuration itself knows no controls.
 * @throws Fault `config-invalid`: each mistake with file:line:column, key, and the id that was probably meant
 */
export function checkWaivers(loaded: LoadedConfig, catalogue: readonly { readonly id: string }[]): void {
  const ids = catalogue.map(({ id }) => id);
  const mistakes = loaded.config.waivers.flatMap(({ control }, index) =>
    ids.includes(control)
      ? []
      : [
          {
            path: ['waivers', index, 'control'],
            says: `found ${control}; expected the id of a control (docs/controls.md), perhaps ${nearest(control, ids)}`,
          },
        ],
  );
  if (mistakes.length > 0) throw mistaken(loaded, mistakes);
}

const nearest = (id: string, ids: readonly string[]): string =>
  ids.reduce((best, other) => (similar(other, id) > similar(best, id) ? other : best), ids[0] ?? '');
