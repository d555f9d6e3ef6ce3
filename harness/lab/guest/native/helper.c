/*
 * The lab's hands inside a guest: one small Windows program that plays two parts, by its own file name.
 *
 *   lab-agent.exe   stays: starts and ends commands for WinRM, reads and writes the registry for the lab.
 *   anything else   a Windows tool that Wine lacks (netsh.exe, shutdown.exe, ...): asks the lab's guest process what
 *                   to print, what to run and how to exit.
 *
 * Both connect to the guest process on loopback (port and token in C:\lab\wire.txt) and speak the frames of wire.ts:
 * one byte kind, u32 id, u32 length, payload; numbers little endian, strings UTF-16LE and NUL-terminated.
 */
#include <winsock2.h>
#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>
#include <stdio.h>

#define NOT_RECOGNISED 9009 /* what cmd.exe says when there is no such program */
#define MAX_COMMANDS 256
#define MAX_SETTINGS 64

typedef struct {
  BYTE kind;
  DWORD id, length;
  BYTE *data; /* followed by two NULs, so that a last string always ends */
} Frame;

typedef struct Chunk {
  struct Chunk *next;
  DWORD length; /* 0: there will be no more */
  BYTE data[];
} Chunk;

/** What waits for a command's stdin. A thread of its own writes it: a command may read late, or never. */
typedef struct {
  LONG owners; /* the command and the thread */
  DWORD id;
  HANDLE pipe, filled;
  CRITICAL_SECTION lock;
  Chunk *first, **last;
  BOOL abandoned;
} Input;

typedef struct {
  DWORD id;
  HANDLE job;
  Input *input;
} Command;

typedef struct {
  DWORD id;
  HANDLE process;
} Exit;

static SOCKET wire;
static CRITICAL_SECTION sending;
static Command commands[MAX_COMMANDS];

/* ---- the wire ---- */

static BOOL receive_all(void *buffer, int length) {
  char *at = buffer;
  while (length > 0) {
    int n = recv(wire, at, length, 0);
    if (n <= 0) return FALSE;
    at += n;
    length -= n;
  }
  return TRUE;
}

static void send_all(const void *buffer, int length) {
  const char *at = buffer;
  while (length > 0) {
    int n = send(wire, at, length, 0);
    if (n <= 0) return;
    at += n;
    length -= n;
  }
}

static void send_frame(BYTE kind, DWORD id, const void *data, DWORD length) {
  BYTE head[9];
  head[0] = kind;
  memcpy(head + 1, &id, 4);
  memcpy(head + 5, &length, 4);
  EnterCriticalSection(&sending);
  send_all(head, sizeof head);
  send_all(data, length);
  LeaveCriticalSection(&sending);
}

static void send_number(BYTE kind, DWORD id, DWORD number) { send_frame(kind, id, &number, sizeof number); }

static BOOL receive_frame(Frame *frame) {
  BYTE head[9];
  if (!receive_all(head, sizeof head)) return FALSE;
  frame->kind = head[0];
  memcpy(&frame->id, head + 1, 4);
  memcpy(&frame->length, head + 5, 4);
  frame->data = calloc(1, frame->length + 4);
  return frame->data && receive_all(frame->data, frame->length);
}

static WCHAR *next_string(WCHAR *string) { return string + lstrlenW(string) + 1; }

/** Connects as wire.txt says; FALSE when the guest process is not there. */
static BOOL connect_wire(char *token) {
  WSADATA wsa;
  struct sockaddr_in address = {0};
  int port, one = 1;
  FILE *file = fopen("C:\\lab\\wire.txt", "r");
  if (!file) return FALSE;
  if (fscanf(file, "%d %63s", &port, token) != 2) port = 0;
  fclose(file);
  if (!port || WSAStartup(MAKEWORD(2, 2), &wsa)) return FALSE;
  address.sin_family = AF_INET;
  address.sin_port = htons((u_short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  /* Without WSA_FLAG_OVERLAPPED, and never inherited by the commands. */
  wire = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
  SetHandleInformation((HANDLE)wire, HANDLE_FLAG_INHERIT, 0);
  setsockopt(wire, IPPROTO_TCP, TCP_NODELAY, (char *)&one, sizeof one);
  return connect(wire, (struct sockaddr *)&address, sizeof address) == 0;
}

/** token, name, folder, command line: who calls, and how it was called. */
static void say_hello(const char *token, const WCHAR *name) {
  const WCHAR *line = GetCommandLineW();
  WCHAR folder[MAX_PATH], wide[64];
  const WCHAR *parts[4] = {wide, name, folder, line};
  DWORD size = 0;
  BYTE *data;
  MultiByteToWideChar(CP_ACP, 0, token, -1, wide, 64);
  GetCurrentDirectoryW(MAX_PATH, folder);
  data = malloc((lstrlenW(wide) + lstrlenW(name) + lstrlenW(folder) + lstrlenW(line) + 4) * sizeof(WCHAR));
  for (int i = 0; i < 4; i++) {
    DWORD bytes = (lstrlenW(parts[i]) + 1) * sizeof(WCHAR);
    memcpy(data + size, parts[i], bytes);
    size += bytes;
  }
  send_frame('H', 0, data, size);
  free(data);
}

/* ---- the registry, always its 64-bit view ---- */

static HKEY root_of(WCHAR **path) {
  static const struct {
    const WCHAR *name;
    HKEY key;
  } roots[] = {{L"HKLM\\", HKEY_LOCAL_MACHINE},
               {L"HKCU\\", HKEY_CURRENT_USER},
               {L"HKCR\\", HKEY_CLASSES_ROOT},
               {L"HKU\\", HKEY_USERS}};
  for (int i = 0; i < 4; i++) {
    int length = lstrlenW(roots[i].name);
    if (!wcsncmp(*path, roots[i].name, length)) {
      *path += length;
      return roots[i].key;
    }
  }
  return NULL;
}

/** Query: key, value name -> status, type, data. */
static void query_value(Frame *frame) {
  WCHAR *path = (WCHAR *)frame->data, *name = next_string(path);
  HKEY key;
  DWORD reply[2] = {0, 0}, size = 0;
  BYTE *out = (BYTE *)reply;
  HKEY root = root_of(&path);
  reply[0] = RegOpenKeyExW(root, path, 0, KEY_READ | KEY_WOW64_64KEY, &key);
  if (!reply[0]) {
    reply[0] = RegQueryValueExW(key, name, NULL, &reply[1], NULL, &size);
    if (!reply[0]) {
      out = malloc(sizeof reply + size);
      reply[0] = RegQueryValueExW(key, name, NULL, &reply[1], out + sizeof reply, &size);
      memcpy(out, reply, sizeof reply);
    }
    RegCloseKey(key);
  }
  send_frame('q', frame->id, out, sizeof reply + (reply[0] ? 0 : size));
  if (out != (BYTE *)reply) free(out);
}

/** List: key -> status, names of its subkeys. */
static void list_keys(Frame *frame) {
  static BYTE out[1 << 20];
  WCHAR *path = (WCHAR *)frame->data, name[256];
  HKEY key, root = root_of(&path);
  DWORD used = 4, length, status = RegOpenKeyExW(root, path, 0, KEY_READ | KEY_WOW64_64KEY, &key);
  if (!status) {
    for (DWORD i = 0; length = 256, !RegEnumKeyExW(key, i, name, &length, NULL, NULL, NULL, NULL); i++) {
      DWORD bytes = (length + 1) * sizeof(WCHAR);
      if (used + bytes > sizeof out) break;
      memcpy(out + used, name, bytes);
      used += bytes;
    }
    RegCloseKey(key);
  }
  memcpy(out, &status, 4);
  send_frame('k', frame->id, out, used);
}

/** Set: key, value name, then u32 type and the data -> status. A key that is to be a link must be made as one. */
static void set_value(Frame *frame) {
  WCHAR *path = (WCHAR *)frame->data, *name = next_string(path);
  BYTE *data = (BYTE *)next_string(name);
  HKEY key, root = root_of(&path);
  DWORD type, status, options;
  memcpy(&type, data, 4);
  options = type == REG_LINK ? REG_OPTION_CREATE_LINK : REG_OPTION_NON_VOLATILE;
  status = RegCreateKeyExW(root, path, 0, NULL, options, KEY_WRITE | KEY_WOW64_64KEY, NULL, &key, NULL);
  if (!status) {
    status = RegSetValueExW(key, name, 0, type, data + 4, frame->length - (DWORD)(data + 4 - frame->data));
    RegCloseKey(key);
  }
  send_number('s', frame->id, status);
}

/** Delete: key with everything below it -> status. */
static void delete_key(Frame *frame) {
  WCHAR *path = (WCHAR *)frame->data;
  HKEY root = root_of(&path);
  DWORD status = RegDeleteTreeW(root, path);
  send_number('d', frame->id, status);
}

/** Processes: for each u32 pid, u32 parent, u32 working set in KiB, name. */
static void list_processes(Frame *frame) {
  static BYTE out[1 << 16];
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  DWORD used = 0;
  for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
    PROCESS_MEMORY_COUNTERS memory = {0};
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, entry.th32ProcessID);
    DWORD bytes = (lstrlenW(entry.szExeFile) + 1) * sizeof(WCHAR), numbers[3];
    if (process) {
      GetProcessMemoryInfo(process, &memory, sizeof memory);
      CloseHandle(process);
    }
    numbers[0] = entry.th32ProcessID;
    numbers[1] = entry.th32ParentProcessID;
    numbers[2] = (DWORD)(memory.WorkingSetSize >> 10);
    if (used + sizeof numbers + bytes > sizeof out) break;
    memcpy(out + used, numbers, sizeof numbers);
    memcpy(out + used + sizeof numbers, entry.szExeFile, bytes);
    used += sizeof numbers + bytes;
  }
  CloseHandle(snapshot);
  send_frame('l', frame->id, out, used);
}

/* ---- commands of the agent ---- */

static Command *find_command(DWORD id) {
  for (int i = 0; i < MAX_COMMANDS; i++)
    if (commands[i].job && commands[i].id == id) return &commands[i];
  return NULL;
}

static HANDLE open_output(const WCHAR *path) {
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  return CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, CREATE_ALWAYS,
                     FILE_ATTRIBUTE_NORMAL, NULL);
}

static DWORD WINAPI await_exit(void *parameter) {
  Exit *awaited = parameter;
  DWORD code = 0;
  WaitForSingleObject(awaited->process, INFINITE);
  GetExitCodeProcess(awaited->process, &code);
  CloseHandle(awaited->process);
  send_number('x', awaited->id, code);
  free(awaited);
  return 0;
}

static Input *new_input(DWORD id, HANDLE pipe) {
  Input *input = calloc(1, sizeof *input);
  input->owners = 2;
  input->id = id;
  input->pipe = pipe;
  input->filled = CreateSemaphoreW(NULL, 0, MAXLONG, NULL);
  input->last = &input->first;
  InitializeCriticalSection(&input->lock);
  return input;
}

static void release_input(Input *input) {
  if (InterlockedDecrement(&input->owners)) return;
  for (Chunk *chunk = input->first, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  DeleteCriticalSection(&input->lock);
  CloseHandle(input->filled);
  free(input);
}

static void queue_input(Input *input, const BYTE *data, DWORD length) {
  Chunk *chunk = malloc(sizeof *chunk + length);
  chunk->next = NULL;
  chunk->length = length;
  memcpy(chunk->data, data, length);
  EnterCriticalSection(&input->lock);
  *input->last = chunk;
  input->last = &chunk->next;
  LeaveCriticalSection(&input->lock);
  ReleaseSemaphore(input->filled, 1, NULL);
}

/** Waits for the next chunk; NULL when nobody wants it written any more. */
static Chunk *next_input(Input *input) {
  Chunk *chunk = NULL;
  WaitForSingleObject(input->filled, INFINITE);
  EnterCriticalSection(&input->lock);
  if (!input->abandoned && (chunk = input->first)) {
    input->first = chunk->next;
    if (!input->first) input->last = &input->first;
  }
  LeaveCriticalSection(&input->lock);
  return chunk;
}

/** Writes what comes, and says of each chunk that it is through: written, or refused since nobody reads. */
static DWORD WINAPI write_input(void *parameter) {
  Input *input = parameter;
  Chunk *chunk;
  BOOL more = TRUE;
  while (more && (chunk = next_input(input))) {
    DWORD written;
    more = chunk->length > 0;
    for (DWORD at = 0; at < chunk->length; at += written)
      if (!WriteFile(input->pipe, chunk->data + at, chunk->length - at, &written, NULL)) break;
    free(chunk);
    if (!more) CloseHandle(input->pipe);
    send_frame('i', input->id, NULL, 0);
  }
  if (more) CloseHandle(input->pipe);
  release_input(input);
  return 0;
}

static void abandon_input(Input *input) {
  EnterCriticalSection(&input->lock);
  input->abandoned = TRUE;
  LeaveCriticalSection(&input->lock);
  ReleaseSemaphore(input->filled, 1, NULL);
  release_input(input);
}

/**
 * Exchanges settings of the own environment, which a new process inherits, with those in `settings`: called again, it
 * puts back what was there. A NULL value is a variable that is not set.
 */
static void swap_environment(WCHAR **names, WCHAR **values, int count) {
  for (int i = 0; i < count; i++) {
    DWORD size = GetEnvironmentVariableW(names[i], NULL, 0);
    WCHAR *old = size ? malloc(size * sizeof(WCHAR)) : NULL;
    if (old) GetEnvironmentVariableW(names[i], old, size);
    SetEnvironmentVariableW(names[i], values[i]);
    values[i] = old;
  }
}

/** Splits NAME=VALUE settings up to the end of the frame. */
static int read_settings(WCHAR *setting, const WCHAR *end, WCHAR **names, WCHAR **values) {
  int count = 0;
  for (; setting < end && *setting && count < MAX_SETTINGS; setting = next_string(values[count - 1])) {
    WCHAR *equals = wcschr(setting, L'=');
    if (!equals) break;
    *equals = 0;
    names[count] = setting;
    values[count++] = equals + 1;
  }
  return count;
}

/** Start: command line, folder, stdout file, stderr file, NAME=VALUE... -> status; later the exit code. */
static void start_command(Frame *frame) {
  WCHAR *line = (WCHAR *)frame->data, *folder = next_string(line), *out = next_string(folder), *err = next_string(out);
  Command *command = NULL;
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION process;
  HANDLE stdin_write;
  WCHAR *names[MAX_SETTINGS], *values[MAX_SETTINGS];
  int settings;
  DWORD status = 0;
  for (int i = 0; i < MAX_COMMANDS && !command; i++)
    if (!commands[i].job) command = &commands[i];
  if (!command) {
    send_number('p', frame->id, ERROR_TOO_MANY_CMDS);
    return;
  }
  command->id = frame->id;
  command->job = CreateJobObjectW(NULL, NULL);
  CreatePipe(&startup.hStdInput, &stdin_write, &inherit, 1 << 20);
  SetHandleInformation(stdin_write, HANDLE_FLAG_INHERIT, 0);
  startup.hStdOutput = open_output(out);
  startup.hStdError = open_output(err);
  settings = read_settings(next_string(err), (WCHAR *)(frame->data + frame->length), names, values);
  swap_environment(names, values, settings);
  if (CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, *folder ? folder : NULL, &startup,
                     &process)) {
    AssignProcessToJobObject(command->job, process.hProcess);
    ResumeThread(process.hThread);
    CloseHandle(process.hThread);
  } else {
    status = GetLastError();
  }
  swap_environment(names, values, settings);
  CloseHandle(startup.hStdInput);
  CloseHandle(startup.hStdOutput);
  CloseHandle(startup.hStdError);
  send_number('p', frame->id, status);
  if (status) {
    CloseHandle(stdin_write);
  } else {
    Exit *awaited = malloc(sizeof *awaited);
    awaited->id = frame->id;
    awaited->process = process.hProcess;
    CloseHandle(CreateThread(NULL, 0, await_exit, awaited, 0, NULL));
    command->input = new_input(frame->id, stdin_write);
    CloseHandle(CreateThread(NULL, 0, write_input, command->input, 0, NULL));
  }
}

/** Input: bytes for a command's stdin, answered when it has taken them; none means that there will be no more. */
static void queue_stdin(Frame *frame) {
  Command *command = find_command(frame->id);
  if (command && command->input) queue_input(command->input, frame->data, frame->length);
}

/** Forget: after its exit or its termination, so that its handles can be used again. */
static void forget_command(Frame *frame) {
  Command *command = find_command(frame->id);
  if (!command) return;
  if (command->input) abandon_input(command->input);
  CloseHandle(command->job);
  memset(command, 0, sizeof *command);
}

static void terminate_command(Frame *frame) {
  Command *command = find_command(frame->id);
  if (command) TerminateJobObject(command->job, 1);
}

/* ---- requests that only a tool gets ---- */

static void write_handle(DWORD which, Frame *frame) {
  DWORD written;
  WriteFile(GetStdHandle(which), frame->data, frame->length, &written, NULL);
}

/** Get: what comes next on the tool's stdin; nothing at its end. */
static void read_stdin(Frame *frame) {
  static BYTE out[1 << 16];
  DWORD size = 0;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), out, sizeof out, &size, NULL)) size = 0;
  send_frame('g', frame->id, out, size);
}

/** Run: application or '', command line -> exit code. With the tool's own stdin, stdout and stderr. */
static void run_program(Frame *frame) {
  WCHAR *application = (WCHAR *)frame->data, *line = next_string(application);
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;
  DWORD code = NOT_RECOGNISED;
  if (CreateProcessW(*application ? application : NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
  }
  send_number('r', frame->id, code);
}

static void handle(Frame *frame) {
  DWORD code;
  switch (frame->kind) {
    case 'Q': query_value(frame); break;
    case 'K': list_keys(frame); break;
    case 'S': set_value(frame); break;
    case 'D': delete_key(frame); break;
    case 'L': list_processes(frame); break;
    case 'P': start_command(frame); break;
    case 'I': queue_stdin(frame); break;
    case 'F': forget_command(frame); break;
    case 'T': terminate_command(frame); break;
    case 'O': write_handle(STD_OUTPUT_HANDLE, frame); break;
    case 'E': write_handle(STD_ERROR_HANDLE, frame); break;
    case 'G': read_stdin(frame); break;
    case 'R': run_program(frame); break;
    case 'X': memcpy(&code, frame->data, 4); ExitProcess(code);
  }
}

int wmain(void) {
  WCHAR path[MAX_PATH], *name;
  char token[64];
  Frame frame;
  InitializeCriticalSection(&sending);
  GetModuleFileNameW(NULL, path, MAX_PATH);
  name = wcsrchr(path, L'\\') + 1;
  if (wcschr(name, L'.')) *wcschr(name, L'.') = 0;
  CharLowerW(name);
  if (!connect_wire(token)) return NOT_RECOGNISED;
  say_hello(token, name);
  while (receive_frame(&frame)) {
    handle(&frame);
    free(frame.data);
  }
  return NOT_RECOGNISED;
}
