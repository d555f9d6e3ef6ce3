"""For tests: an HTTP server whose NTLM is that of gss-ntlmssp, which is not ours.

Reads its settings as JSON from the first line of its input, and serves until that input ends. Prints JSON lines:
{"port": n} first, then one for each connection and each request.
"""

import base64
import json
import os
import socketserver
import ssl
import struct
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler

settings = json.loads(sys.stdin.readline())
mode = settings.get("mode", "")
scheme = settings.get("scheme", "Negotiate")
answer = settings["answer"].encode()

users = tempfile.NamedTemporaryFile("w")
users.write(settings["users"])
users.flush()
os.environ["NTLM_USER_FILE"] = users.name

import gssapi  # noqa: E402  (reads the environment)
from gssapi.raw import ChannelBindings  # noqa: E402

NTLM = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
BOUNDARY = b"--Encrypted Boundary"
PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
printing = threading.Lock()


def tell(**event):
    with printing:
        print(json.dumps(event), flush=True)


def acceptor():
    binding = settings.get("binding")
    bound = ChannelBindings(application_data=base64.b64decode(binding)) if binding else None
    credentials = gssapi.Credentials(name=None, usage="accept", mechs=[NTLM])
    return gssapi.SecurityContext(usage="accept", creds=credentials, channel_bindings=bound)


def unpack(body):
    sealed = body.split(b"application/octet-stream\r\n", 1)[1].rsplit(BOUNDARY + b"--", 1)[0]
    return sealed[4:]


def pack(sealed, length):
    # As Windows writes it: without tabs.
    head = (
        f"\r\nContent-Type: {PROTOCOL}\r\n"
        f"OriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
    ).encode()
    return (
        BOUNDARY + head + BOUNDARY + b"\r\nContent-Type: application/octet-stream\r\n"
        + struct.pack("<I", 16) + sealed + BOUNDARY + b"--\r\n"
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.context = None
        self.user = None
        self.sealed = []
        self.served = 0
        tell(connected=True)

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if mode == "close-each" and status != 401:
            self.send_header("Connection", "close")
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        given, _, token = self.headers.get("Authorization", "").partition(" ")
        sealed = "multipart/encrypted" in self.headers.get("Content-Type", "")
        tell(authorization=given, bytes=len(body), sealed=sealed)
        if given and given.lower() != scheme.lower():
            return self.reply(401, WWW_Authenticate=scheme)
        if token and not self.log_on(base64.b64decode(token)):
            return None
        if self.user is None:
            return self.reply(401, WWW_Authenticate=scheme)
        if mode == "forget" and self.served == 1:
            self.user = self.context = None
            return self.reply(401, WWW_Authenticate=scheme)
        if token and mode == "separate-logon":
            return self.reply(200)
        self.served += 1
        text = self.context.unwrap(unpack(body)).message if sealed else body
        tell(user=self.user, text=text.decode())
        return self.respond(sealed)

    def log_on(self, message):
        try:
            if self.context is None:
                self.context = acceptor()
                if mode == "alter-first-message":
                    # As somebody in between would: the client's version is not what it was.
                    message = message[:33] + bytes([message[33] ^ 1]) + message[34:]
                challenge = self.context.step(message)
                token = scheme + " " + base64.b64encode(challenge).decode()
                self.reply(401, WWW_Authenticate=token)
                return False
            self.context.step(message)
            self.user = str(self.context.initiator_name)
            return True
        except gssapi.exceptions.GSSError as error:
            tell(refused=str(error))
            self.context = None
            self.reply(401, WWW_Authenticate=scheme)
            return False

    def respond(self, sealed):
        if mode == "fault-in-clear":
            return self.reply(503, answer, Content_Type="application/soap+xml;charset=UTF-8")
        if not sealed or mode == "answer-in-clear":
            return self.reply(200, answer, Content_Type="application/soap+xml;charset=UTF-8")
        wrapped = self.context.wrap(answer, True).message
        if mode == "alter-answer":
            wrapped = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
        if mode == "repeat-answer":
            self.sealed.append(wrapped)
            wrapped = self.sealed[0]
        kind = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
        return self.reply(200, pack(wrapped, len(answer)), Content_Type=kind)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        if "certificate" in settings:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Certificates of Windows 7 may be signed with SHA-1, which OpenSSL takes for too weak.
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.load_cert_chain(settings["certificate"], settings["key"])
            connection.settimeout(5)
            connection = context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, *_):
        tell(failed=str(sys.exc_info()[1]))


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
tell(port=server.server_address[1])
sys.stdin.read()
users.close()
os._exit(0)
