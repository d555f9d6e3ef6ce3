import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { PowerShell } from './powershell.ts';
import { eachPowerShell, soon } from './testing/each-powershell.ts';

/** The scripts of harness/console/hyperv, as text: each stands behind machine.ps1. */
const text = (name: string): string =>
  readFileSync(new URL(`../console/hyperv/${name}.ps1`, import.meta.url), 'utf8');
const script = (name: string) => ({ doing: name, text: `${text('machine')}\n${text(name)}` });

const ID = '7c5e1f0a-0d33-4d8e-9a55-0c5d1f6b7a01';

/** Stand-ins for the cmdlets of CIM, with the parameters that ours use, typed as theirs are. They write down what they do. */
const STAND_INS = `
$global:Done = New-Object -TypeName System.Collections.ArrayList
$global:Result = 0
function global:New-Stand { param ($Class, $Properties)
    $Properties.Class = $Class
    New-Object -TypeName PSObject -Property $Properties
}
function global:Get-CimInstance {
    [CmdletBinding(DefaultParameterSetName = 'Class')] param (
        [Parameter(ParameterSetName = 'Class')] [string] $Namespace,
        [Parameter(ParameterSetName = 'Class', Mandatory = $true)] [string] $ClassName,
        [Parameter(ParameterSetName = 'Class')] [string] $Filter,
        [Parameter(ParameterSetName = 'Instance', Mandatory = $true)] $InputObject)
    if ($null -ne $InputObject) { return $InputObject }
    if ($ClassName -eq 'Msvm_VirtualSystemManagementService') { return (New-Stand -Class $ClassName -Properties @{}) }
    if ($Filter -eq "Name = '${ID}'") {
        return (New-Stand -Class $ClassName -Properties @{ EnabledState = [uint16] 2; EnhancedSessionModeState = [uint16] 3 })
    }
}
function global:Get-CimAssociatedInstance {
    [CmdletBinding()] param ([Parameter(Mandatory = $true)] $InputObject, [string] $ResultClassName)
    switch ($ResultClassName) {
        'Msvm_VideoHead' {
            New-Stand -Class $_ -Properties @{ CurrentHorizontalResolution = [uint32] 0; CurrentVerticalResolution = [uint32] 0 }
            New-Stand -Class $_ -Properties @{ CurrentHorizontalResolution = [uint32] 2; CurrentVerticalResolution = [uint32] 1 }
        }
        'Msvm_VirtualSystemSettingData' {
            New-Stand -Class $_ -Properties @{ VirtualSystemType = 'Microsoft:Hyper-V:Snapshot:Realized' }
            New-Stand -Class $_ -Properties @{ VirtualSystemType = 'Microsoft:Hyper-V:System:Realized' }
        }
        default { New-Stand -Class $_ -Properties @{} }
    }
}
function global:Invoke-CimMethod {
    [CmdletBinding()] param (
        [Parameter(Mandatory = $true)] $InputObject, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    $plain = @{ method = $MethodName; of = $InputObject.Class }
    foreach ($name in $Arguments.Keys) {
        $value = $Arguments[$name]
        if ($name -eq 'TargetSystem') { $value = $value.VirtualSystemType }
        $plain[$name] = $value
    }
    [void] $global:Done.Add($plain)
    New-Object -TypeName PSObject -Property @{ ReturnValue = [uint32] $global:Result; ImageData = [byte[]] (1, 2, 3, 4) }
}
$null
`;

describe('The scripts for Hyper-V in a real PowerShell', function () {
  this.timeout(180_000);
  const each = eachPowerShell(STAND_INS);
  const done = (shell: PowerShell): Promise<unknown> =>
    shell.run({ doing: 'looking', text: '@{ done = $global:Done }' }, null, soon());

  each('take a picture of the head that is in use', async (shell) => {
    for (let time = 0; time < 2; time++) {
      expect(await shell.run(script('picture'), { id: ID }, soon())).toEqual({
        found: true,
        state: 2,
        enhanced: 3,
        width: 2,
        height: 1,
        returnValue: 0,
        image: 'AQIDBA==',
      });
    }
    const asked = {
      method: 'GetVirtualSystemThumbnailImage',
      of: 'Msvm_VirtualSystemManagementService',
      TargetSystem: 'Microsoft:Hyper-V:System:Realized',
      WidthPixels: 2,
      HeightPixels: 1,
    };
    expect(await done(shell)).toEqual({ done: [asked, asked] });
  });

  each('press keys', async (shell) => {
    const pressed = await shell.run(script('keys'), { id: ID, codes: [0x1d, 0xe0, 0x53] }, soon());
    expect(pressed).toEqual({ found: true, returnValue: 0 });
    expect(await done(shell)).toEqual({
      done: [{ method: 'TypeScancodes', of: 'Msvm_Keyboard', Scancodes: 'HeBT' }],
    });
  });

  each('move the mouse and press its buttons', async (shell) => {
    const data = { id: ID, x: 100, y: 50, beside: 99, press: [1], release: [] };
    expect(await shell.run(script('pointer'), data, soon())).toEqual({ found: true, returnValue: 0 });
    const of = 'Msvm_SyntheticMouse';
    expect(await done(shell)).toEqual({
      done: [
        { method: 'SetAbsolutePosition', of, horizontalPosition: 99, verticalPosition: 50 },
        { method: 'SetAbsolutePosition', of, horizontalPosition: 100, verticalPosition: 50 },
        { method: 'SetButtonState', of, buttonIndex: 1, isDown: true },
      ],
    });
  });

  each('say that there is no such machine', async (shell) => {
    for (const name of ['picture', 'keys', 'pointer']) {
      const other = { id: 'other', codes: [1], x: 0, y: 0, beside: 1, press: [], release: [] };
      expect(await shell.run(script(name), other, soon())).toEqual({ found: false });
    }
    expect(await done(shell)).toEqual({ done: [] });
  });

  each('give back what Hyper-V returned', async (shell) => {
    await shell.run({ doing: 'standing in', text: '$global:Result = 32773; $null' }, null, soon());
    expect(await shell.run(script('keys'), { id: ID, codes: [1] }, soon())).toEqual({
      found: true,
      returnValue: 32773,
    });
  });
});
