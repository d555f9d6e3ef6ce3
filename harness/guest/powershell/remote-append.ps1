<#
.SYNOPSIS
    Adds bytes to the end of a file on the machine. Written for PowerShell 2.0, which Windows 7 has.

.DESCRIPTION
    $Call: path; offset, the length that the file must have before, in bytes, where 0 makes it anew; base64, the bytes.
    Writes one text: n: and the length of the file afterwards.
#>
param ($Call)

$ErrorActionPreference = 'Stop'

$mode = [System.IO.FileMode]::Open
if ($Call.offset -eq 0) { $mode = [System.IO.FileMode]::Create }
$file = New-Object -TypeName 'System.IO.FileStream' -ArgumentList $Call.path, $mode, ([System.IO.FileAccess]::Write)
try {
    # Seeking, not appending: a piece that is sent twice changes nothing.
    [void] $file.Seek($Call.offset, [System.IO.SeekOrigin]::Begin)
    $bytes = [Convert]::FromBase64String($Call.base64)
    $file.Write($bytes, 0, $bytes.Length)
    $file.SetLength($file.Position)
    'n:' + $file.Length
}
finally { $file.Close() }
