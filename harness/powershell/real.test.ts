import { expect } from '@playwright/test';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { errorRecord } from './errors.ts';
import { openPowerShell } from './open.ts';
import type { PowerShell, Script } from './powershell.ts';
import { soon } from './testing/each-powershell.ts';
import { findPowerShells } from './testing/find-powershell.ts';

const script = (text: string): Script => ({ doing: 'testing', text });

async function fault(work: Promise<unknown>): Promise<Fault> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

/** What scripts return, and what must arrive. */
const RETURNS: readonly (readonly [string, unknown])[] = [
  ['', null],
  ['$null', null],
  ["'text'", 'text'],
  ["'2026-11-21T04:05:06Z'", '2026-11-21T04:05:06Z'],
  ["@{ a = 1; b = 2.5; c = $true; d = $null; e = '' }", { a: 1, b: 2.5, c: true, d: null, e: '' }],
  [
    '@{ one = @(1); none = @(); two = @(1, 2); nested = @(, @(1)) }',
    { one: [1], none: [], two: [1, 2], nested: [[1]] },
  ],
  ['@{ keys = 1; count = 2; values = 3 }', { keys: 1, count: 2, values: 3 }],
  ['@{ list = (New-Object -TypeName System.Collections.ArrayList) }', { list: [] }],
  ['New-Object -TypeName PSObject -Property @{ name = 1 }', { name: 1 }],
  ["[datetime]::SpecifyKind('2026-11-21T04:05:06', 'Utc')", '2026-11-21T04:05:06.0000000Z'],
  ['@{ bytes = [byte[]] (1, 2, 255) }', { bytes: 'AQL/' }],
  ['[DayOfWeek]::Friday', 'Friday'],
  ['[long] 1099511627776', 2 ** 40],
  ['@{ pipeline = @(1, 2, 3 | Where-Object { $_ -gt 2 }) }', { pipeline: [3] }],
];

/** What scripts throw, and what must be known of it. */
const THROWS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["throw 'in words'", { message: 'in words', category: 'OperationStopped' }],
  [
    'Get-Item -Path /no/such/item',
    { id: 'PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand', category: 'ObjectNotFound' },
  ],
  [
    "Write-Error -Message 'said' -ErrorId 'Ours' -Category 'InvalidData'",
    { message: 'said', category: 'InvalidData' },
  ],
  ['No-SuchCommand', { id: 'CommandNotFoundException' }],
  ['$in.missing', { id: 'PropertyNotFoundStrict' }],
  ['1; 2', { message: 'The script returned 2 objects instead of one.' }],
  ['if (', { id: expect.stringContaining('Parse') }],
  ['throw (New-Object -TypeName System.ComponentModel.Win32Exception -ArgumentList 5)', { number: 5 }],
  [
    '[System.Diagnostics.Process]::GetCurrentProcess()',
    { message: expect.stringContaining('System.Diagnostics.Process') },
  ],
];

describe('A real PowerShell', function () {
  this.timeout(180_000);
  let shells: readonly { readonly name: string; readonly shell: PowerShell }[] = [];

  before(async function () {
    const found = await findPowerShells();
    if (found.executables.length === 0) {
      console.log(`      skipped: ${'why' in found ? found.why : ''}`);
      this.skip();
    }
    shells = found.executables.map((executable) => ({
      name: executable,
      shell: openPowerShell({ executable, environment: process.env }),
    }));
  });

  after(async () => {
    for (const { shell } of shells) await shell.close();
  });

  /** A test of every PowerShell that there is. */
  const each = (title: string, test: (shell: PowerShell) => Promise<void>): void => {
    it(title, async () => {
      expect(shells.length).toBeGreaterThan(0);
      for (const { shell } of shells) await test(shell);
    });
  };

  each('gives back what it was given', async (shell) => {
    const data = {
      quotes: `' " \u2018 \u2019 \u201c \u201d \` $(Get-Date) \${env:PATH} $x @( ; | & # <# #> -- \\ \r\n\t`,
      words: ['重设密码', '🔑👩‍💻', '\u0001\u001b', ''],
      dates: ['2026-11-21T04:05:06Z', '/Date(0)/', '=x'],
      numbers: [0, -1, 1.5, 2 ** 40],
      truth: [true, false, null],
      nested: [{ one: [[1], []] }],
    };
    expect(await shell.run(script('@{ got = $in }'), data, soon())).toEqual({ got: data });
  });

  each('gives back what is as large as a file', async (shell) => {
    const data = 'ü$('.repeat(1_700_000);
    expect((await shell.run(script('$in'), data, soon())) === data).toBe(true);
  });

  for (const [text, expected] of RETURNS) {
    each(`returns ${text || 'nothing'}`, async (shell) => {
      expect(await shell.run(script(text), null, soon())).toEqual(expected);
    });
  }

  for (const [text, expected] of THROWS) {
    each(`fails with ${text}`, async (shell) => {
      const error = await fault(shell.run(script(text), {}, soon()));
      expect(error.code).toBe('powershell-failed');
      expect(errorRecord(error)).toMatchObject(expected);
      expect(await shell.run(script('1'), null, soon())).toBe(1);
    });
  }

  each('is not disturbed by what else is written', async (shell) => {
    const noise = `
      Write-Host -Object 'SSPR-END '
      Write-Warning -Message 'beware'
      Write-Progress -Activity 'at work' -PercentComplete 50
      [Console]::Error.WriteLine('oh no')
      for ($i = 0; $i -lt 5000; $i++) { [Console]::Error.WriteLine('a line that nobody waits for') }
      [Console]::Out.Write('no end of line')
      'answer'`;
    const heard = shell.run(script(noise.replace(/.*SSPR-END.*\n/, '')), null, soon());
    expect(await heard).toBe('answer');
    // Something that says that the call is over is not believed, and harms nobody but this call.
    await shell.run(script(noise), null, soon()).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'powershell-protocol' });
    });
    expect(await shell.run(script('1'), null, soon())).toBe(1);
  });

  each('keeps what a script keeps, and nothing of the caller', async (shell) => {
    await shell.run(script('$global:Kept = $in; $local = 1; $null'), 'kept', soon());
    expect(await shell.run(script('$global:Kept'), null, soon())).toBe('kept');
    const names = ['local', 'call', 'base64', 'answer'];
    const seen =
      '@{ names = @(Get-Variable -Scope Global | Where-Object { $in -contains $_.Name } | ForEach-Object { $_.Name }) }';
    expect(await shell.run(script(seen), names, soon())).toEqual({ names: [] });
  });

  each('that ends or hangs is replaced', async (shell) => {
    expect(await fault(shell.run(script('exit 3'), null, soon()))).toMatchObject({
      code: 'powershell-protocol',
    });
    const hung = await fault(shell.run(script('Start-Sleep -Seconds 600'), null, soon(3000)));
    expect(hung.code).toBe('timed-out');
    expect(await shell.run(script('1'), null, soon())).toBe(1);
  });

  each('shows a secret to its script only', async (shell) => {
    const secret = new Secret('Sh0w-me-n0t-"$x"');
    const error = await fault(shell.run(script('throw $in.password'), { password: secret.reveal() }, soon()));
    expect(error.message).toContain('***');
    expect(error.message).not.toContain('Sh0w');
    const written = '$pid; [Environment]::CommandLine';
    expect(
      JSON.stringify(await shell.run(script(`@{ line = @(${written}) }`), secret.reveal(), soon())),
    ).not.toContain('Sh0w');
  });
});
