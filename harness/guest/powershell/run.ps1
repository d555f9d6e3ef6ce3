<#
.SYNOPSIS
    Runs a script block on the machine, in the session that connect.ps1 opened.

.DESCRIPTION
    $in: block, the text of the block; call, what the block gets, as names and values.
    The block writes its answer as texts in two columns: a letter, a colon, and a value (see remote-command.ps1). They come
    back as a list. Returns @{ session = $false } when there is no session, or no more.
#>
$session = Get-Variable -Name 'SsprSession' -Scope 'Global' -ValueOnly -ErrorAction 'SilentlyContinue'
if ($null -eq $session -or $session.State.ToString() -ne 'Opened') {
    @{ session = $false }
    return
}
# One hash table: if Windows logs the parameters of cmdlets, it writes that there is one, and not what it holds.
$call = @{}
foreach ($property in $in.call.PSObject.Properties) { $call[$property.Name] = $property.Value }
$parameters = @{
    Session      = $session
    ScriptBlock  = [ScriptBlock]::Create($in.block)
    ArgumentList = $call
}
$texts = New-Object -TypeName 'System.Collections.ArrayList'
foreach ($text in @(Invoke-Command @parameters)) { [void] $texts.Add([string] $text) }
@{ session = $true; texts = $texts }
