import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { Language, type Node, Parser } from 'web-tree-sitter';

const HARNESS = fileURLToPath(new URL('..', import.meta.url));
const GRAMMAR = fileURLToPath(import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm'));

/** Every .ps1 of the harness. */
const SCRIPTS = readdirSync(HARNESS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ps1'))
  .sort();

/** What the parser could not make sense of, as line and text. */
function mistakes(node: Node): string[] {
  if (node.isError || node.isMissing)
    return [`line ${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`];
  return node.hasError ? node.children.flatMap(mistakes) : [];
}

/** Every node of a kind, as text. */
const all = (node: Node, kind: string): string[] => node.descendantsOfType(kind).map(({ text }) => text);

/** What may hold a secret, as it would stand among the parameters of a cmdlet. */
const LOGGED = /\$json\b|\$call\b(?!\.)|\$(in|call)\.(password|in|line|base64)\b/i;

describe('The PowerShell scripts', () => {
  let parser: Parser;

  before(async () => {
    await Parser.init();
    parser = new Parser().setLanguage(await Language.load(GRAMMAR));
  });

  const parse = (text: string): Node => {
    const tree = parser.parse(text);
    if (tree === null) throw new Error('the parser gave no tree');
    return tree.rootNode;
  };

  it('are there', () => expect(SCRIPTS).toContain(join('powershell', 'serve.ps1')));

  it('would be found wrong if they were', () => {
    for (const wrong of [
      'if ($a) {',
      'foreach ($a of $b) { }',
      "$a = 'b",
      '$a = @{ b = 1',
      'function Test-It { param ($a',
    ]) {
      expect(mistakes(parse(wrong)), wrong).not.toEqual([]);
    }
  });

  for (const path of SCRIPTS) {
    describe(path, () => {
      const text = readFileSync(join(HARNESS, path), 'utf8');

      it('is PowerShell', () => expect(mistakes(parse(text))).toEqual([]));

      it('calls cmdlets and functions by their full names', () => {
        const names = all(parse(text), 'command_name');
        expect(names.filter((name) => !/^[A-Z][A-Za-z]+-[A-Z]\w+$/.test(name))).toEqual([]);
      });

      it('evaluates no text but that of a script', () => {
        expect(
          all(parse(text), 'command_name').filter((name) => /Invoke-Expression|Add-Type/i.test(name)),
        ).toEqual([]);
      });

      it('gives no cmdlet what a policy for modules would write to the event log', () => {
        const cmdlets = all(parse(text), 'command').filter((command) => !/^[A-Z]\w+-Sspr/.test(command));
        expect(cmdlets.filter((command) => LOGGED.test(command))).toEqual([]);
      });

      it('is written in ASCII, which no code page changes', () => {
        // eslint-disable-next-line no-control-regex -- these are the characters meant
        expect(/[^\x00-\x7f]/.exec(text)?.[0]).toBeUndefined();
      });
    });
  }
});
