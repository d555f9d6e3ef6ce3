import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for each test of the enclosing `describe`, removed afterwards. */
export function testFolder(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-report-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

/** Text that tries to break out of markup, attributes, scripts, CDATA and terminals, or to turn the reading around. */
export const HOSTILE =
  '</script></style><img src="http://127.0.0.1:9/x" onerror="document.title=\'taken\'"><b a=\'">&amp; ]]> ' +
  '\u0000\u001b[2J\u001b]0;taken\u0007\u0085\u202egnp.exe \ud800 \uffff \r\nsecond line';
