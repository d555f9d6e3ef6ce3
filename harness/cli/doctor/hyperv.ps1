<#
.SYNOPSIS
    Says whether this host has Hyper-V, and whether this account may manage it.

.DESCRIPTION
    Groups by their well-known ids, since their names are translated. Source: Windows, well-known SIDs.
    Texts are empty for what is not there.
#>
$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object -TypeName 'System.Security.Principal.WindowsPrincipal' -ArgumentList $identity
$administrators = New-Object -TypeName 'System.Security.Principal.SecurityIdentifier' -ArgumentList 'S-1-5-32-544'
$hypervAdministrators = New-Object -TypeName 'System.Security.Principal.SecurityIdentifier' -ArgumentList 'S-1-5-32-578'
$module = @(Get-Module -ListAvailable -Name 'Hyper-V') | Select-Object -First 1
$service = Get-Service -Name 'vmms' -ErrorAction 'SilentlyContinue'
$member = $principal.IsInRole($administrators) -or $principal.IsInRole($hypervAdministrators)

# Hosts before Windows Server 2012 R2 do not have them; others show it only to who may manage them.
$enhanced = $false
if ($member -and $null -ne $module -and $null -ne $service -and $service.Status.ToString() -eq 'Running') {
    $mode = (Get-VMHost).PSObject.Properties['EnableEnhancedSessionMode']
    if ($null -ne $mode) { $enhanced = [bool] $mode.Value }
}

@{
    member   = $member
    module   = if ($null -eq $module) { '' } else { $module.Version.ToString() }
    service  = if ($null -eq $service) { '' } else { $service.Status.ToString() }
    enhanced = $enhanced
}
