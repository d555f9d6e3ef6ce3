# Stands before each of the scripts beside it. Finds the machine $in.id and keeps what was found for the next call of this
# PowerShell: asking WMI for everything takes longer than a picture does. Windows PowerShell 5.1 and PowerShell 7.

function Find-SsprMachine {
    param ([string] $Id)

    $known = Get-Variable -Name 'SsprMachine' -Scope 'Global' -ValueOnly -ErrorAction 'SilentlyContinue'
    if ($null -ne $known -and $known.Id -eq $Id) { return $known }

    $vm = Get-CimInstance -Namespace 'root\virtualization\v2' -ClassName 'Msvm_ComputerSystem' -Filter "Name = '$Id'"
    if ($null -eq $vm) { return $null }
    $global:SsprMachine = @{ Id = $Id; Vm = $vm; Devices = @{} }
    return $global:SsprMachine
}

# Only a running machine has its devices, so each is looked for when it is first needed.
function Find-SsprDevice {
    param ($Machine, [string] $Class)

    if (-not $Machine.Devices.ContainsKey($Class)) {
        $device = @(Get-CimAssociatedInstance -InputObject $Machine.Vm -ResultClassName $Class)
        if ($device.Count -eq 0) { return $null }
        $Machine.Devices[$Class] = $device[0]
    }
    return $Machine.Devices[$Class]
}

# What was kept may belong to a machine that was deleted and made anew: after an error everything is asked for again.
trap {
    Remove-Variable -Name 'SsprMachine' -Scope 'Global' -ErrorAction 'SilentlyContinue'
    throw $_
}

$machine = Find-SsprMachine -Id $in.id
