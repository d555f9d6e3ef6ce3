"""For tests: a WinRM client of MIT's SPNEGO and gss-ntlmssp. Sends its standard input, sealed, twice; prints the answers."""
import base64
import http.client
import os
import re
import struct
import sys

import gssapi
from gssapi.raw import acquire_cred_with_password

MECHANISMS = {'spnego': '1.3.6.1.5.5.2', 'ntlm': '1.3.6.1.4.1.311.2.2.10'}
SEALED = 'application/HTTP-SPNEGO-session-encrypted'
BOUNDARY = b'--Encrypted Boundary'

port, user, mechanism = sys.argv[1:]
chosen = gssapi.OID.from_int_seq(MECHANISMS[mechanism])
account = gssapi.Name(user, gssapi.NameType.user)
credentials = acquire_cred_with_password(
    account, os.environ['WINRM_PASSWORD'].encode(), usage='initiate', mechs=[chosen]).creds
context = gssapi.SecurityContext(
    name=gssapi.Name('HTTP@127.0.0.1', gssapi.NameType.hostbased_service), creds=credentials, mech=chosen,
    usage='initiate', flags=gssapi.RequirementFlag.integrity | gssapi.RequirementFlag.confidentiality)
connection = http.client.HTTPConnection('127.0.0.1', int(port))


def post(body, headers):
    connection.request('POST', '/wsman', body, headers)
    answer = connection.getresponse()
    return answer, answer.read()


token = context.step()
while token is not None:
    answer, _ = post(b'', {'Authorization': 'Negotiate ' + base64.b64encode(token).decode()})
    given = (answer.getheader('WWW-Authenticate') or '').removeprefix('Negotiate').strip()
    token = context.step(base64.b64decode(given)) if given and not context.complete else None
print(answer.status, context.complete)

message = sys.stdin.buffer.read()
for _ in range(2):
    wrapped = context.wrap(message, True).message
    body = b'\r\n'.join([
        BOUNDARY, b'\tContent-Type: ' + SEALED.encode(),
        b'\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d' % len(message),
        BOUNDARY, b'\tContent-Type: application/octet-stream',
        struct.pack('<i', 16) + wrapped + BOUNDARY + b'--', b''])
    answer, text = post(body, {
        'Content-Type': f'multipart/encrypted;protocol="{SEALED}";boundary="Encrypted Boundary"'})
    sealed = re.search(rb'octet-stream\r\n....(.*)--Encrypted Boundary--\r\n$', text, re.S).group(1)
    print(answer.status, context.unwrap(sealed).message.decode())
