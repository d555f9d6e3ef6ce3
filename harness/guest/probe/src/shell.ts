const shell = new ActiveXObject('WScript.Shell');
const files = new ActiveXObject('Scripting.FileSystemObject');

/** A program's exit code and what it printed. Through a file: Wine has no Shell.Exec. */
export function runToFile(line: string): { exitCode: number; output: string } {
  const path = files.GetSpecialFolder(2).Path + '\\' + files.GetTempName();
  try {
    const exitCode = shell.Run('cmd /c ' + line + ' > "' + path + '" 2>&1', 0, true);
    return { exitCode: exitCode, output: readFile(path) };
  } finally {
    if (files.FileExists(path)) files.DeleteFile(path, true);
  }
}

function readFile(path: string): string {
  const file = files.OpenTextFile(path, 1);
  try {
    // ReadAll throws on an empty file.
    return file.AtEndOfStream ? '' : file.ReadAll();
  } finally {
    file.Close();
  }
}

export const fileExists = (path: string): boolean => files.FileExists(path);

/** The text with `%NAME%` replaced; an unknown name stays as it is. Wine leaves a NUL at the end. */
export const expand = (text: string): string => shell.ExpandEnvironmentStrings(text).replace(/\0+$/, '');

/** The value of an environment variable, or ''. */
export function environment(name: string): string {
  const value = expand('%' + name + '%');
  return value === '%' + name + '%' ? '' : value;
}
