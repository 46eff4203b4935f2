#!/usr/bin/env bash
# Software: scim2-tester 0.5.2 (PyPI) with scim2-client 0.13.2 and scim2-models
# 0.12.3.
#
# Expected: RFC 7643 §4.1.1 says of profileUrl that URIs are canonicalized per
# RFC 3986 §6.2. By §6.2.3 an empty path of an https URI is normalised to "/". A
# server that is sent https://a.test and returns https://a.test/ does what both
# sections say, and a conformance test of PATCH accepts it.
#
# Observed: the tester compares the text that it sent with the text that it reads.
# It always sends an https URI without a path. The same server passes the check
# without canonicalization, and fails it with canonicalization.
#
# Why it matters: a service provider that obeys §4.1.1 fails a conformance test,
# and the check can only be passed by leaving the canonicalization out.
#
# Output seen (the host name is random):
#   as sent: SUCCESS
#   canonicalized: ERROR
#     PATCH modify() returned unexpected value for 'profileUrl'.
#     Patched value: https://8a5c….test
#     Returned value: https://8a5c….test/
#
# Needs Python 3.11 or later with venv, and PyPI.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
	scim2-tester==0.5.2 scim2-client==0.13.2 scim2-models==0.12.3 httpx2==2.16.2

cat >finding.py <<'PY'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
SINGLE = {"type": "string", "multiValued": False, "mutability": "readWrite", "returned": "default"}
CONFIG = {"schemas": [CORE + "ServiceProviderConfig"], "patch": {"supported": True}, "sort": {"supported": False},
          "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
          "filter": {"supported": False, "maxResults": 0}, "changePassword": {"supported": False},
          "etag": {"supported": False}, "authenticationSchemes": []}
TYPE = {"schemas": [CORE + "ResourceType"], "id": "User", "name": "User", "endpoint": "/Users", "schema": CORE + "User"}
SCHEMA = {"schemas": [CORE + "Schema"], "id": CORE + "User", "name": "User", "attributes": [
    dict(SINGLE, name="userName", required=True, uniqueness="server"),
    dict(SINGLE, name="profileUrl", type="reference", referenceTypes=["external"], caseExact=True)]}


def page(resource):
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1, "Resources": [resource]}


def canonical(uri):
    parts = urlsplit(uri)
    return parts._replace(path=parts.path or "/").geturl()


class Stub(BaseHTTPRequestHandler):
    """A service provider with one user and replace of one attribute."""

    def answer(self, body, status=200):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path.startswith("/Users/1"):
            return self.answer(self.server.user)
        pages = {"/ServiceProviderConfig": CONFIG, "/ResourceTypes": page(TYPE), "/Schemas": page(SCHEMA)}
        self.answer(pages[self.path])

    def set(self, values):
        self.server.user.update(values)
        if self.server.canonicalize and self.server.user.get("profileUrl"):
            self.server.user["profileUrl"] = canonical(self.server.user["profileUrl"])

    def read(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_POST(self):
        self.server.user = {}
        self.set(dict(self.read(), id="1", meta={"resourceType": "User"}))
        self.answer(self.server.user, 201)

    def do_PATCH(self):
        for operation in self.read()["Operations"]:
            self.set({operation["path"].rsplit(":", 1)[-1]: operation["value"]})
        self.answer(self.server.user)

    def do_DELETE(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def check(canonicalize):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.canonicalize = canonicalize
    Thread(target=server.serve_forever, daemon=True).start()
    client = SyncSCIMClient(httpx2.Client(base_url="http://127.0.0.1:%d" % server.server_port))
    client.discover()
    results = check_server(client, include_tags={"patch:replace"}, resource_types=["User"])
    server.shutdown()
    [result] = [r for r in results if isinstance(r.data, dict) and "profileUrl" in str(r.data.get("urn"))]
    return result


sent, normal = check(False), check(True)
print("as sent:", sent.status.name)
print("canonicalized:", normal.status.name)
print("  " + str(normal.reason).replace("\n", "\n  "))
if sent.status != Status.SUCCESS or normal.status != Status.ERROR:
    sys.exit("the observation has changed")
PY
venv/bin/python finding.py
