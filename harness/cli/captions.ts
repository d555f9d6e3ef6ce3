import { configPath, type LoadedConfig } from '../config/load.ts';
import { openCaptions } from '../logon/screens/replaced.ts';

/**
 * Whether the files of captions that the configuration names can be used.
 * @throws Fault `captions-invalid`: each mistake with file:line:column, key, what was found and expected
 */
export const checkCaptions = (loaded: LoadedConfig): void =>
  void openCaptions(loaded.config.captions.map((file) => configPath(loaded, file)));
