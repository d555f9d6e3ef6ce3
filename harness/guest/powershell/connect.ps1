<#
.SYNOPSIS
    Opens a session on the machine and keeps it for the scripts beside this one.

.DESCRIPTION
    $in: computerName, port, useSsl, applicationName, authentication (Negotiate or Kerberos), user, password, openMs.
    The password comes in $in only, never in the text of a script.
    Windows PowerShell 5.1 and PowerShell 7 on Windows; the machine may have PowerShell 2.0.
#>
$password = New-Object -TypeName 'System.Security.SecureString'
foreach ($character in $in.password.ToCharArray()) { $password.AppendChar($character) }
$credential = New-Object -TypeName 'System.Management.Automation.PSCredential' -ArgumentList $in.user, $password

# What is left of a run that was killed ends after three minutes, which is the default of Windows 7: it has five sessions
# per user. As long as this PowerShell runs, it lets the machine know that the session is in use.
$choices = @{ OpenTimeout = $in.openMs; IdleTimeout = 180000; NoMachineProfile = $true }
# The proxy settings of Windows are for the Internet. Over HTTP there is none, and WinRM refuses to be told so.
if ($in.useSsl) { $choices.ProxyAccessType = 'NoProxyServer' }
$option = New-PSSessionOption @choices
$parameters = @{
    ComputerName    = $in.computerName
    Port            = $in.port
    UseSSL          = $in.useSsl
    ApplicationName = $in.applicationName
    Authentication  = $in.authentication
    Credential      = $credential
    SessionOption   = $option
}
$global:SsprSession = New-PSSession @parameters
@{ opened = $true }
