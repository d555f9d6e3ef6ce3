import { expect } from '@playwright/test';
import type { LoggedEvent } from '../event-log.ts';
import { QueryError, compileQuery } from './event-query.ts';
import { windowsCode } from './msiexec.ts';
import { splitCommandLine, switches } from './tool.ts';

describe('splitCommandLine', () => {
  const cases: Readonly<Record<string, string[]>> = {
    'netsh winhttp show proxy': ['winhttp', 'show', 'proxy'],
    '"C:\\Program Files\\a b.exe"  x': ['x'],
    'a "b c" d"e f"g ""': ['b c', 'de fg', ''],
    'a "C:\\dir\\\\" \\"q\\" c:\\x\\y': ['C:\\dir\\', '"q"', 'c:\\x\\y'],
    a: [],
  };
  for (const [line, args] of Object.entries(cases)) {
    it(`splits ${line}`, () => expect(splitCommandLine(line).args).toEqual(args));
  }
});

describe('switches', () => {
  it('takes values after a colon or a blank, with either mark', () => {
    const found = switches(['/R', '-t', '5', '/q:*[System]', 'word'], ['t']);
    expect(Object.fromEntries(found)).toEqual({ r: '', t: '5', q: '*[System]' });
  });
});

describe('windowsCode', () => {
  const rows = [
    [0, {}, 0],
    [1, {}, 1639],
    [2, {}, 1619],
    [1627, { readable: false }, 1620],
    [1627, { readable: true }, 1603],
    [1604, { norestart: false }, 1641],
    [1604, { norestart: true }, 3010],
    [3010, {}, 3010],
    [1605, {}, 1605],
  ] as const;
  for (const [raw, about, code] of rows) {
    it(`turns ${raw} ${JSON.stringify(about)} into ${code}`, () => {
      expect(windowsCode(raw, { readable: true, norestart: false, ...about })).toBe(code);
    });
  }
});

describe('compileQuery', () => {
  const event: LoggedEvent = {
    record: 5,
    at: new Date(Date.now() - 60_000).toISOString(),
    log: 'System',
    source: 'EventLog',
    id: 6005,
    level: 'Information',
    computer: 'X',
    message: '',
  };
  const cases: Readonly<Record<string, boolean>> = {
    '*': true,
    '*[System]': true,
    '*[System[EventID=6005]]': true,
    '*[System/EventID=6005]': true,
    'Event/System[EventID=6006]': false,
    '*[System[(EventID=1 or EventID=6005) and Level=4]]': true,
    '*[System[EventID=1 or EventID=6005 and Level=2]]': false,
    "*[System[Provider[@Name='eventlog']]]": true,
    '*[System[Provider[@Name="Other" or @Name="EventLog"] and EventRecordID &gt; 4]]': true,
    '*[System[TimeCreated[timediff(@SystemTime) <= 3600000]]]': true,
    '*[System[TimeCreated[timediff(@SystemTime) &lt;= 30000]]]': false,
    "*[System[TimeCreated[@SystemTime>='2020-01-01T00:00:00.000000000Z' and @SystemTime<='2020-02-01T00:00:00Z']]]": false,
    "*[System[TimeCreated[@SystemTime>='2020-01-01T00:00:00Z']]]": true,
  };
  for (const [query, expected] of Object.entries(cases)) {
    it(`${query} is ${expected}`, () => expect(compileQuery(query)(event)).toBe(expected));
  }

  for (const query of [
    '',
    'nonsense',
    '*[System[',
    '*[System[Unknown=1]]',
    '*[EventData[Data=1]]',
    '*[System[EventID=]]',
  ]) {
    it(`does not know ${query || 'nothing'}`, () => expect(() => compileQuery(query)).toThrow(QueryError));
  }
});
