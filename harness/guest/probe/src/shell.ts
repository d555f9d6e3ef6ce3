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

/** The text of a file in the machine's code page: what is beyond ASCII may look strange. */
export function readFile(path: string): string {
  const file = files.OpenTextFile(path, 1);
  try {
    // ReadAll throws on an empty file.
    return file.AtEndOfStream ? '' : file.ReadAll();
  } finally {
    file.Close();
  }
}

export const fileExists = (path: string): boolean => files.FileExists(path);

export const folderExists = (path: string): boolean => files.FolderExists(path);

/** `1.0.7.0`, or '' where the file carries none. */
export const fileVersion = (path: string): string => files.GetFileVersion(path);

/** The text with `%NAME%` replaced; an unknown name stays as it is. Wine leaves a NUL at the end. */
export const expand = (text: string): string => shell.ExpandEnvironmentStrings(text).replace(/\0+$/, '');

/** The value of an environment variable, or ''. */
export function environment(name: string): string {
  const value = expand('%' + name + '%');
  return value === '%' + name + '%' ? '' : value;
}
