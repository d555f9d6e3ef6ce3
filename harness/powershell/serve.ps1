<#
.SYNOPSIS
    Runs one script of the harness and writes its answer.

.DESCRIPTION
    harness/powershell/open.ts keeps one PowerShell running and sends this script to it for every call, followed by lines
    on the standard input that begin with #: the Base64 of one JSON document that holds the script and its data, in
    pieces, and then a line #. at the end.

    The script sees its data as $in and returns one object, or nothing. Dates are written as ISO 8601 in UTC, byte arrays
    as Base64, enumerations by their names. The answer is one line between two nonces, so that banners, warnings and
    whatever else is printed do no harm.

    Works in Windows PowerShell 5.1 and in PowerShell 7. Nothing is written to disk.

    What Windows may log: a policy for script blocks writes down their text, one for modules what the parameters of cmdlets
    are given, one for transcripts what is typed and printed. So what a call is given is neither in the text of a script
    nor, as a whole, the parameter of a cmdlet, and it is not read by the host.

.NOTES
    $SsprNonce was set by the line that started this script: # and 32 hexadecimal digits.
#>
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Reads the JSON document that follows on the standard input.
function Read-SsprCall {
    $base64 = New-Object -TypeName 'System.Text.StringBuilder'
    while ($true) {
        $line = [Console]::In.ReadLine()
        if ($null -eq $line) { throw 'The input ended in the middle of a call.' }
        if ($line -eq '#.') { break }
        [void] $base64.Append($line.Substring(1))
    }
    $json = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($base64.ToString()))
    # What ConvertFrom-Json calls, too; but the parameter of a cmdlet may be written to the event log.
    $mistake = $null
    $call = [Microsoft.PowerShell.Commands.JsonObject]::ConvertFromJson($json, [ref] $mistake)
    if ($null -ne $mistake) { throw $mistake }
    Restore-SsprText -Container $call
    $call
}

# Takes the = from the front of every text (see frame.ts), in place.
function Restore-SsprText {
    param ($Container)

    if ($Container -is [array]) {
        for ($index = 0; $index -lt $Container.Length; $index++) {
            $item = $Container[$index]
            if ($item -is [string]) { $Container[$index] = $item.Substring(1) }
            elseif ($null -ne $item) { Restore-SsprText -Container $item }
        }
    }
    elseif ($Container -is [System.Management.Automation.PSCustomObject]) {
        foreach ($property in @($Container.PSObject.Properties)) {
            $item = $property.Value
            if ($item -is [string]) { $property.Value = $item.Substring(1) }
            elseif ($null -ne $item) { Restore-SsprText -Container $item }
        }
    }
}

# Turns what a script returned into what ConvertTo-Json writes alike in every version.
function ConvertTo-SsprPlain {
    param ($Value, [int] $Depth)

    if ($Depth -gt 20) { throw 'The script returned an object of more than 20 levels.' }
    if ($null -eq $Value) { return $null }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('o', [Globalization.CultureInfo]::InvariantCulture)
    }
    if ($Value -is [datetimeoffset]) {
        return $Value.UtcDateTime.ToString('o', [Globalization.CultureInfo]::InvariantCulture)
    }
    if ($Value -is [byte[]]) { return [Convert]::ToBase64String($Value) }
    if ($Value -is [string] -or $Value -is [enum] -or $Value -is [guid] -or $Value -is [version]) {
        return $Value.ToString()
    }
    if ($Value -is [decimal] -or $Value.GetType().IsPrimitive) { return $Value }
    if ($Value -is [System.Collections.IDictionary]) {
        $result = [ordered] @{}
        foreach ($entry in $Value.GetEnumerator()) {
            $result[[string] $entry.Key] = ConvertTo-SsprPlain -Value $entry.Value -Depth ($Depth + 1)
        }
        return $result
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $result = [ordered] @{}
        foreach ($property in $Value.PSObject.Properties) {
            $result[$property.Name] = ConvertTo-SsprPlain -Value $property.Value -Depth ($Depth + 1)
        }
        return $result
    }
    if ($Value -is [System.Collections.ICollection]) {
        $result = @($null) * $Value.Count
        $index = 0
        foreach ($item in $Value) {
            $result[$index] = ConvertTo-SsprPlain -Value $item -Depth ($Depth + 1)
            $index++
        }
        # With a comma, or the array would fall into its items.
        return , $result
    }
    throw ('The script returned a {0}; it may return text, numbers, dates, bytes, and hash tables and arrays of them.' -f $Value.GetType().FullName)
}

# What can be decided by without knowing the language of the host.
function Get-SsprError {
    param ([System.Management.Automation.ErrorRecord] $Record)

    $number = $null
    $exception = $Record.Exception
    while ($null -ne $exception -and $null -eq $number) {
        # In this order: a Win32Exception has both, and its ErrorCode says nothing but "failed".
        foreach ($name in 'NativeErrorCode', 'ErrorCode') {
            $property = $exception.PSObject.Properties[$name]
            if ($null -eq $number -and $null -ne $property) { $number = $property.Value -as [long] }
        }
        $exception = $exception.InnerException
    }
    $line = 0
    if ($null -ne $Record.InvocationInfo) { $line = [int] $Record.InvocationInfo.ScriptLineNumber }
    @{
        message  = [string] $Record.Exception.Message
        id       = [string] $Record.FullyQualifiedErrorId
        category = $Record.CategoryInfo.Category.ToString()
        number   = $number
        line     = $line
    }
}

# Windows PowerShell writes some arrays as {"value":[],"Count":0} otherwise.
if ($PSVersionTable.PSVersion.Major -lt 6) {
    Remove-TypeData -TypeName 'System.Array' -ErrorAction 'SilentlyContinue'
}

$nonce = $SsprNonce.Substring(1)
try {
    $call = Read-SsprCall
    $in = $call.in
    $output = @(& ([ScriptBlock]::Create($call.script)))
    if ($output.Count -gt 1) { throw ('The script returned {0} objects instead of one.' -f $output.Count) }
    $value = $null
    if ($output.Count -eq 1) { $value = ConvertTo-SsprPlain -Value $output[0] -Depth 0 }
    $answer = ConvertTo-Json -InputObject @{ ok = $true; value = $value } -Depth 50 -Compress
}
catch {
    $answer = ConvertTo-Json -InputObject @{ ok = $false; error = (Get-SsprError -Record $_) } -Depth 5 -Compress
}
# Errors keep what they are about, which may be a secret.
$global:Error.Clear()

$base64 = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($answer))
[Console]::Out.WriteLine()
[Console]::Out.WriteLine($nonce + ':' + $base64 + ':' + $nonce)
