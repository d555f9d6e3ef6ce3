import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript-es3';

const ENTRY = fileURLToPath(new URL('src/main.ts', import.meta.url));

let built: Promise<string> | undefined;

/**
 * The probe as one script in ECMAScript 3, which cscript of every Windows runs; pure ASCII. Built once a process.
 * esbuild joins the files, an older TypeScript translates the result: newer ones no longer know ES3.
 */
export function buildProbe(): Promise<string> {
  return (built ??= bundle().then(toEs3));
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    format: 'iife',
    target: 'es2020',
    charset: 'ascii',
    // The probe's own tsconfig is for the type check: esbuild does not know ES3.
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

const toEs3 = (code: string): string =>
  ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES3,
      module: ts.ModuleKind.None,
      ignoreDeprecations: '5.0',
      removeComments: true,
    },
  }).outputText;
