import { expect } from '@playwright/test';
import type { Blame } from '../../core/errors.ts';
import { readAnswer } from './answer.ts';
import { soap, wsmanFault } from './scripted-server.ts';

const IIS_PAGE =
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n' +
  '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>404 - File or directory not found.</title></head>' +
  '<body><h1>Server Error</h1><p>&nbsp;</p><br></body></html>';

describe('HTTP answers of WinRM, and of what is no WinRM', () => {
  const cases: readonly (readonly [
    what: string,
    status: number,
    text: string,
    code: string,
    blame: Blame,
    retryable: boolean,
    says: RegExp,
  ])[] = [
    ['bad request', 400, '', 'winrm-protocol', 'machine', false, /HTTP status 400/],
    ['bad request of HTTP.sys', 400, IIS_PAGE, 'winrm-protocol', 'machine', false, /404 - File or/],
    ['forbidden', 403, '', 'winrm-access-denied', 'config', false, /forbids/],
    ['nothing there', 404, '', 'winrm-protocol', 'config', false, /no WinRM at this path/],
    ['a page that is not there', 404, IIS_PAGE, 'winrm-protocol', 'config', false, /File or directory/],
    ['no POST', 405, 'Method Not Allowed', 'winrm-protocol', 'config', false, /: Method Not Allowed\)/],
    ['length wanted', 411, '', 'winrm-protocol', 'config', false, /length/],
    ['too large', 413, '', 'winrm-quota', 'machine', true, /larger than the machine allows/],
    ['no SOAP', 415, '', 'winrm-protocol', 'config', false, /no SOAP/],
    ['failed without fault', 500, '', 'winrm-protocol', 'machine', false, /without a SOAP fault/],
    ['failed with SOAP', 500, soap(''), 'winrm-protocol', 'machine', false, /without a SOAP fault/],
    ['failed with text', 500, 'Out of memory', 'winrm-protocol', 'machine', false, /: Out of memory\)/],
    ['bad gateway', 502, '', 'winrm-unreachable', 'network', true, /proxy/],
    ['not now', 503, IIS_PAGE, 'winrm-unreachable', 'machine', true, /does not work just now/],
    ['gateway timeout', 504, '', 'winrm-unreachable', 'network', true, /proxy/],
    ['anything else', 418, 'teapot', 'winrm-protocol', 'config', false, /another web server.*418: teapot/],
    ['a redirect', 302, '', 'winrm-protocol', 'config', false, /HTTP status 302/],
    ['a web page', 200, IIS_PAGE, 'winrm-protocol', 'config', false, /is a web page: 404 - File/],
    ['text', 200, 'hello', 'winrm-protocol', 'machine', false, /not WS-Management/],
    ['nothing', 200, '', 'winrm-protocol', 'machine', false, /not WS-Management/],
    ['nothing, with 204', 204, '', 'winrm-protocol', 'config', false, /HTTP status 204/],
  ];
  for (const [what, status, text, code, blame, retryable, says] of cases) {
    it(what, () => {
      const read = (): unknown => readAnswer(status, text, 'testing');
      expect(read).toThrow(says);
      expect(read).toThrow(expect.objectContaining({ name: 'Fault', code, blame, retryable }));
    });
  }

  it('a fault counts with any status', () => {
    for (const status of [200, 400, 403, 500, 503]) {
      expect(() => readAnswer(status, wsmanFault('5', 'AccessDenied', 'denied'), 'testing')).toThrow(
        expect.objectContaining({ code: 'winrm-access-denied' }),
      );
      expect(readAnswer(status, wsmanFault('2150858793', 'TimedOut', ''), 'testing')).toEqual({
        timedOut: true,
      });
    }
  });

  it('never quotes more than a line of a page', () => {
    expect(() => readAnswer(404, 'x\n'.repeat(100_000), 'testing')).toThrow(/^.{1,250}$/);
  });
});
