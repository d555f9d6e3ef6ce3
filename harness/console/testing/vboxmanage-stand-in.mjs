// Stands in for VBoxManage: hands its arguments to the test that started it, and does as that says.
import { request } from 'node:http';

const call = request({ socketPath: process.env.SSPR_TEST_SOCKET, method: 'POST', path: '/' }, (response) => {
  let answer = '';
  response.setEncoding('utf8');
  response.on('data', (chunk) => (answer += chunk));
  response.on('end', () => {
    const { code, out, err } = JSON.parse(answer);
    process.stdout.write(out);
    process.stderr.write(err);
    process.exitCode = code;
  });
});
call.on('error', () => {
  process.stderr.write('VBoxManage: error: Failed to create the VirtualBox object!\n');
  process.exitCode = 1;
});
call.end(JSON.stringify(process.argv.slice(2)));
