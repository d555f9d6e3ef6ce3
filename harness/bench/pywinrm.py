# The yardstick: pywinrm does what a line of standard input asks, and answers with the milliseconds that it took.
import json
import sys
import time

import winrm

setup = json.loads(sys.stdin.readline())


def protocol():
    return winrm.Protocol(setup["url"], transport="basic", username=setup["user"], password=setup["password"])


def run_in_one_shell(lines):
    client = protocol()
    shell = client.open_shell(codepage=65001)
    for line in lines:
        command = client.run_command(shell, line)
        out, err, code = client.get_command_output(shell, command)
        client.cleanup_command(shell, command)
    client.close_shell(shell)
    return out


for request in sys.stdin:
    begin = time.perf_counter()
    run_in_one_shell(json.loads(request))
    print(json.dumps((time.perf_counter() - begin) * 1000), flush=True)
