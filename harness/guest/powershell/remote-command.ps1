<#
.SYNOPSIS
    Runs one line by cmd.exe on the machine. Written for PowerShell 2.0, which Windows 7 has: no JSON, nothing newer.

.DESCRIPTION
    $Call: line; timeLimit, what it may take, in milliseconds; outputLimit, the most bytes that it may print.
    Writes texts:
        o:BASE64    bytes of the standard output, in pieces
        e:BASE64    bytes of the standard error, in pieces
        x:NUMBER    the exit code, at the end
        t:          the time was up; the command was ended with all that it started
        m:          it printed too much; the command was ended with all that it started
    As Base64, since text would be read in one code page here and be written in another there.
#>
param ($Call)

$ErrorActionPreference = 'Stop'

# How long a pipe may stay open after the command has ended: what it started may hold it for ever.
$lingerLimit = 1000

# Bytes in one text: one for each line that a command prints would take the connection minutes.
$pieceLength = 60000

$start = New-Object -TypeName 'System.Diagnostics.ProcessStartInfo'
$start.FileName = Join-Path -Path ([Environment]::SystemDirectory) -ChildPath 'cmd.exe'
# With /s, cmd.exe takes away the outer quotes and nothing else; with /d it runs nothing of its own first.
$start.Arguments = '/d /s /c "chcp 65001 >nul&' + $Call.line + '"'
$start.UseShellExecute = $false
$start.CreateNoWindow = $true
$start.RedirectStandardInput = $true
$start.RedirectStandardOutput = $true
$start.RedirectStandardError = $true

$process = [System.Diagnostics.Process]::Start($start)
# Whoever reads the standard input finds its end.
$process.StandardInput.Close()

$pipes = @(
    @{ Mark = 'o:'; Stream = $process.StandardOutput.BaseStream },
    @{ Mark = 'e:'; Stream = $process.StandardError.BaseStream }
)
$all = $pipes
foreach ($pipe in $pipes) {
    $pipe.Buffer = New-Object -TypeName 'byte[]' -ArgumentList 32768
    $pipe.Kept = New-Object -TypeName 'System.IO.MemoryStream'
    $pipe.Read = $pipe.Stream.BeginRead($pipe.Buffer, 0, $pipe.Buffer.Length, $null, $null)
}

$clock = [System.Diagnostics.Stopwatch]::StartNew()
$lingering = $null
$printed = 0
$verdict = $null
while ($pipes.Count -gt 0 -and $null -eq $verdict) {
    $handles = New-Object -TypeName 'System.Threading.WaitHandle[]' -ArgumentList $pipes.Count
    for ($index = 0; $index -lt $pipes.Count; $index++) { $handles[$index] = $pipes[$index].Read.AsyncWaitHandle }
    $ready = [System.Threading.WaitHandle]::WaitAny($handles, 100, $false)

    if ($ready -ne [System.Threading.WaitHandle]::WaitTimeout) {
        $lingering = $null
        $pipe = $pipes[$ready]
        $count = $pipe.Stream.EndRead($pipe.Read)
        if ($count -eq 0) {
            $pipes = @($pipes | Where-Object -FilterScript { $_.Mark -ne $pipe.Mark })
        }
        else {
            $printed += $count
            $pipe.Kept.Write($pipe.Buffer, 0, $count)
            if ($pipe.Kept.Length -ge $pieceLength) {
                $pipe.Mark + [Convert]::ToBase64String($pipe.Kept.ToArray())
                $pipe.Kept.SetLength(0)
            }
            $pipe.Read = $pipe.Stream.BeginRead($pipe.Buffer, 0, $pipe.Buffer.Length, $null, $null)
        }
    }
    elseif ($process.HasExited) {
        if ($null -eq $lingering) { $lingering = [System.Diagnostics.Stopwatch]::StartNew() }
        if ($lingering.ElapsedMilliseconds -gt $lingerLimit) { break }
    }
    if ($printed -gt $Call.outputLimit) { $verdict = 'm:' }
    elseif ($clock.ElapsedMilliseconds -gt $Call.timeLimit) { $verdict = 't:' }
}

foreach ($pipe in $all) {
    if ($pipe.Kept.Length -gt 0) { $pipe.Mark + [Convert]::ToBase64String($pipe.Kept.ToArray()) }
}

while ($null -eq $verdict -and -not $process.WaitForExit(100)) {
    if ($clock.ElapsedMilliseconds -gt $Call.timeLimit) { $verdict = 't:' }
}
if ($null -eq $verdict) { 'x:' + $process.ExitCode }
else {
    $taskkill = Join-Path -Path ([Environment]::SystemDirectory) -ChildPath 'taskkill.exe'
    $kill = New-Object -TypeName 'System.Diagnostics.ProcessStartInfo' -ArgumentList $taskkill, ('/pid ' + $process.Id + ' /t /f')
    $kill.UseShellExecute = $false
    $kill.CreateNoWindow = $true
    [void] [System.Diagnostics.Process]::Start($kill).WaitForExit(5000)
    $verdict
}
