// What the probe uses of the Windows Script Host and of COM: only what both Windows and Wine have.

declare const WScript: {
  readonly Arguments: { readonly length: number; Item(at: number): string };
  Echo(text: string): void;
  Quit(code: number): void;
};

interface Shell {
  /** Waits for the program when `wait` is true, and returns its exit code. */
  Run(line: string, window: 0, wait: boolean): number;
  RegRead(path: string): unknown;
  ExpandEnvironmentStrings(text: string): string;
}

interface TextFile {
  readonly AtEndOfStream: boolean;
  ReadAll(): string;
  Close(): void;
}

interface FileSystem {
  OpenTextFile(path: string, mode: 1): TextFile;
  FileExists(path: string): boolean;
  FolderExists(path: string): boolean;
  GetFileVersion(path: string): string;
  DeleteFile(path: string, force: boolean): void;
  GetSpecialFolder(which: 2): { readonly Path: string };
  GetTempName(): string;
}

/** Asynchronous requests only: Wine ignores SetTimeouts. */
interface WinHttpRequest {
  /** 1: past every proxy; 2: through this one, `host:port`. Wine forgets it. */
  SetProxy(setting: 1 | 2, proxy?: string): void;
  Open(method: string, url: string, async: boolean): void;
  SetRequestHeader(name: string, value: string): void;
  Send(): void;
  /** False when `seconds` have passed without an answer. */
  WaitForResponse(seconds: number): boolean;
  Abort(): void;
  readonly Status: number;
}

interface XmlHttpRequest {
  open(method: string, url: string, async: boolean): void;
  setRequestHeader(name: string, value: string): void;
  send(): void;
  readonly status: number;
}

interface WmiLocator {
  ConnectServer(
    machine: string,
    namespace: string,
  ): {
    ExecQuery(query: string): {
      readonly Count: number;
      /** Not Enumerator, which Wine's JScript cannot apply to collections. */
      ItemIndex(at: number): { readonly Properties_: { Item(name: string): { readonly Value: unknown } } };
    };
  };
}

interface Installer {
  /** For a negative number, the name of that subkey, counted from 1; empty after the last. */
  RegistryValue(root: 2, key: string, at: number): string | undefined;
}

interface ActiveXObjects {
  'WScript.Shell': Shell;
  'Scripting.FileSystemObject': FileSystem;
  'WinHttp.WinHttpRequest.5.1': WinHttpRequest;
  'MSXML2.XMLHTTP.6.0': XmlHttpRequest;
  'WbemScripting.SWbemLocator': WmiLocator;
  'WindowsInstaller.Installer': Installer;
}

declare const ActiveXObject: { new <Id extends keyof ActiveXObjects>(id: Id): ActiveXObjects[Id] };
