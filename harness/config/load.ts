import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { describe, Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { LAB_MACHINES } from './lab-machines.ts';
import { ROOT } from './lab-state.ts';
import { type Config, configSchema, NO_REFERENCE } from './schema.ts';
import { checkYaml, type Mistake, placed } from './yaml.ts';

export const CONFIG_FILE = 'sspr.yaml';

/** In place of a file's name: the embedded lab, whatever `sspr.yaml` says. A file of this name is `./lab`. */
export const LAB_CONFIG = 'lab';

/** A configuration and the file that it came from; relative paths in it are relative to that file. */
export interface LoadedConfig {
  readonly config: Config;
  /** undefined: no file, the lab's defaults */
  readonly file: string | undefined;
}

/**
 * Reads the configuration: the named file, or the lab's where `lab` is named, or `sspr.yaml` of the project, or else the three machines of the lab.
 * @throws Fault `config-missing`, `config-invalid`: every mistake with file:line:column and key
 */
export function loadConfig(file?: string): LoadedConfig {
  const usual = join(ROOT, CONFIG_FILE);
  const chosen = file ?? (existsSync(usual) ? usual : LAB_CONFIG);
  if (chosen === LAB_CONFIG)
    return { config: configSchema.parse({ version: 1, machines: LAB_MACHINES }), file: undefined };
  let text: string;
  try {
    text = readFileSync(chosen, 'utf8');
  } catch (error) {
    throw new Fault(`Cannot read the configuration ${chosen}`, {
      code: 'config-missing',
      blame: 'config',
      remedy: 'Name an existing file after --config, or let "npx sspr init" write one.',
      cause: error,
    });
  }
  return { config: parseConfig(text, nameOf(chosen)), file: resolve(chosen) };
}

/** @param name how the file is called in error messages */
export function parseConfig(text: string, name: string): Config {
  // What stands in place of a reference may be the secret.
  const { data, mistakes } = checkYaml(text, name, configSchema, ({ message }) => message === NO_REFERENCE);
  if (mistakes) throw invalid(mistakes, name);
  return data;
}

/** The error for mistakes that only somebody sees who knows more than this room: each with its place in the file. */
export function mistaken({ file }: LoadedConfig, mistakes: readonly Mistake[]): Fault {
  const name = file === undefined ? LAB_CONFIG : nameOf(file);
  return invalid(placed(file === undefined ? '' : readFileSync(file, 'utf8'), name, mistakes), name);
}

/** How a file is called in error messages. */
export const nameOf = (file: string): string => relative(process.cwd(), file) || file;

const invalid = (mistakes: readonly string[], name: string): Fault =>
  new Fault(mistakes.join('\n'), {
    code: 'config-invalid',
    blame: 'config',
    remedy: `Correct ${name}; "npx sspr init --print" shows a complete example with every key explained.`,
  });

/** A path of the configuration, made absolute. */
export const configPath = (loaded: LoadedConfig, path: string): string =>
  isAbsolute(path) ? path : resolve(loaded.file ? join(loaded.file, '..') : process.cwd(), path);

/**
 * The secret that `env:NAME` or `file:PATH` points to.
 * @throws Fault `secret-missing`
 */
export function readSecret(reference: string, key: string, loaded: LoadedConfig): Secret {
  const [kind, target] = [
    reference.slice(0, reference.indexOf(':')),
    reference.slice(reference.indexOf(':') + 1),
  ];
  const missing = (found: string, remedy: string, cause?: unknown) =>
    new Fault(`${key}: ${found}`, { code: 'secret-missing', blame: 'config', remedy, cause });
  if (kind === 'env') {
    const value = process.env[target];
    if (!value)
      throw missing(`the environment variable ${target} is not set`, `Set ${target} and run it again.`);
    return new Secret(value);
  }
  const path = configPath(loaded, target);
  try {
    const value = readFileSync(path, 'utf8').trim();
    if (value) return new Secret(value);
  } catch (error) {
    throw missing(`cannot read ${path}`, 'Write the secret into that file, readable by you only.', error);
  }
  throw missing(`${path} is empty`, 'Write the secret into that file, readable by you only.');
}

/**
 * The PEM file of a certificate authority that the configuration names.
 * @throws Fault `ca-unreadable`
 */
export function readPem(file: string, key: string, loaded: LoadedConfig): string {
  const path = configPath(loaded, file);
  const unreadable = (found: string, cause?: unknown): Fault =>
    new Fault(`${key}: ${found}`, {
      code: 'ca-unreadable',
      blame: 'config',
      remedy: 'Name the PEM file of the authority that signed the certificates.',
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(`cannot read ${path}: ${describe(error)}`, error);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw unreadable(`${path} holds no certificate in PEM`);
  return text;
}
