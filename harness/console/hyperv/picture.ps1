# One picture of the console of $in.id in the resolution it has now, and the state of the machine.
if ($null -eq $machine) { return @{ found = $false } }

$vm = Get-CimInstance -InputObject $machine.Vm
$answer = @{ found = $true; state = [int] $vm.EnabledState; enhanced = 0 }
# Hosts before Windows Server 2012 R2 do not have it.
$enhanced = $vm.PSObject.Properties['EnhancedSessionModeState']
if ($null -ne $enhanced -and $null -ne $enhanced.Value) { $answer.enhanced = [int] $enhanced.Value }
if ($answer.state -ne 2) { return $answer }

# A machine may have a second, unused head: that of the emulated adapter or of the synthetic one.
$heads = @(Get-CimAssociatedInstance -InputObject $machine.Vm -ResultClassName 'Msvm_VideoHead')
$head = $heads | Where-Object { $_.CurrentHorizontalResolution -gt 0 } |
    Sort-Object -Property 'CurrentHorizontalResolution' -Descending | Select-Object -First 1
if ($null -eq $head) { return $answer }

if (-not $machine.ContainsKey('Settings')) {
    $machine.Settings = Get-CimAssociatedInstance -InputObject $machine.Vm -ResultClassName 'Msvm_VirtualSystemSettingData' |
        Where-Object { $_.VirtualSystemType -eq 'Microsoft:Hyper-V:System:Realized' } | Select-Object -First 1
    $machine.Service = Get-CimInstance -Namespace 'root\virtualization\v2' -ClassName 'Msvm_VirtualSystemManagementService'
}
$answer.width = [int] $head.CurrentHorizontalResolution
$answer.height = [int] $head.CurrentVerticalResolution
$result = Invoke-CimMethod -InputObject $machine.Service -MethodName 'GetVirtualSystemThumbnailImage' -Arguments @{
    TargetSystem = $machine.Settings
    WidthPixels  = [uint16] $answer.width
    HeightPixels = [uint16] $answer.height
}
$answer.returnValue = [long] $result.ReturnValue
# As a whole: scanners of scripts make work on single pixels very slow.
if ($answer.returnValue -eq 0) { $answer.image = [Convert]::ToBase64String([byte[]] $result.ImageData) }
return $answer
