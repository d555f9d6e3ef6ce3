# Presses and releases keys: $in.codes are the bytes of scancode set 1 that a keyboard would send.
if ($null -eq $machine) { return @{ found = $false } }
$keyboard = Find-SsprDevice -Machine $machine -Class 'Msvm_Keyboard'
if ($null -eq $keyboard) { return @{ found = $true; missing = 'Msvm_Keyboard' } }

$result = Invoke-CimMethod -InputObject $keyboard -MethodName 'TypeScancodes' -Arguments @{
    Scancodes = [byte[]] @($in.codes)
}
return @{ found = $true; returnValue = [long] $result.ReturnValue }
