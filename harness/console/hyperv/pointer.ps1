# Puts the pointer at $in.x, $in.y, then releases the buttons $in.release and presses the buttons $in.press
# (1 left, 2 right, 3 middle).
if ($null -eq $machine) { return @{ found = $false } }
$mouse = Find-SsprDevice -Machine $machine -Class 'Msvm_SyntheticMouse'
if ($null -eq $mouse) { return @{ found = $true; missing = 'Msvm_SyntheticMouse' } }

$moves = @(, @($in.x, $in.y))
# A press right after a jump is dropped: the pointer has to have come from beside.
if (@($in.press).Count -gt 0) { $moves = @(@($in.beside, $in.y), @($in.x, $in.y)) }
foreach ($move in $moves) {
    $result = Invoke-CimMethod -InputObject $mouse -MethodName 'SetAbsolutePosition' -Arguments @{
        horizontalPosition = [int] $move[0]
        verticalPosition   = [int] $move[1]
    }
    if ($result.ReturnValue -ne 0) { return @{ found = $true; returnValue = [long] $result.ReturnValue } }
    if (@($in.press).Count -gt 0) { Start-Sleep -Milliseconds 80 }
}
foreach ($change in @(@($in.release), $false), @(@($in.press), $true)) {
    foreach ($button in $change[0]) {
        $result = Invoke-CimMethod -InputObject $mouse -MethodName 'SetButtonState' -Arguments @{
            buttonIndex = [uint32] $button
            isDown      = [bool] $change[1]
        }
        if ($result.ReturnValue -ne 0) { return @{ found = $true; returnValue = [long] $result.ReturnValue } }
    }
}
return @{ found = $true; returnValue = 0 }
