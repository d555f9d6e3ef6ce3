<#
.SYNOPSIS
    Closes the session that connect.ps1 opened, if it is still there.
#>
$session = Get-Variable -Name 'SsprSession' -Scope 'Global' -ValueOnly -ErrorAction 'SilentlyContinue'
if ($null -ne $session) {
    Remove-PSSession -Session $session -ErrorAction 'SilentlyContinue'
    Remove-Variable -Name 'SsprSession' -Scope 'Global' -ErrorAction 'SilentlyContinue'
}
@{ closed = $true }
