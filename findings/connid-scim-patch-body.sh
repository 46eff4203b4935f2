#!/usr/bin/env bash
# Software: ConnId's SCIM connector, Maven net.tirasa.connid.bundles:
# net.tirasa.connid.bundles.scim 1.0.5 (it connects Apache Syncope to SCIM).
#
# Expected: the connector describes its property updateUserMethod as the method
# used for updates of users, PATCH or PUT. With PATCH, RFC 7644 §3.5.2 wants a
# body with the schema urn:ietf:params:scim:api:messages:2.0:PatchOp and an
# attribute "Operations" of one or more operations. Updates of groups, with the
# property updateGroupMethod, are such messages.
#
# Observed: with updateUserMethod=PATCH an update sends the same body as with PUT,
# the whole User resource, with another method. There are no operations in it.
#
# Why it matters: a service provider answers 400 with invalidSyntax, so that no
# update of a user arrives. With the default, PUT, updates of users work.
#
# Output seen:
#   PUT   /Users/1  schemas ['urn:ietf:params:scim:schemas:core:2.0:User'], Operations: False
#   PATCH /Users/1  schemas ['urn:ietf:params:scim:schemas:core:2.0:User'], Operations: False
#   PATCH /Groups/1 schemas ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: True
#   the two bodies for /Users are the same: True
#
# Needs a JDK (17 or later), Maven, Maven Central and Python 3.
set -euo pipefail
tmp=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
cd "$tmp"

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>net.tirasa.connid.bundles</groupId>
      <artifactId>net.tirasa.connid.bundles.scim</artifactId>
      <version>1.0.5</version>
    </dependency>
    <dependency>
      <groupId>commons-logging</groupId>
      <artifactId>commons-logging</artifactId>
      <version>1.3.5</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -B -q -Dmaven.repo.local="$tmp/repository" \
	org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath -Dmdep.outputFile="$tmp/classpath" \
	>mvn.log 2>&1 || { cat mvn.log >&2; exit 1; }

# The stub answers each request with the same resource and keeps the bodies sent.
cat >stub.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

ANSWER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "1", "userName": "old"}


class Stub(BaseHTTPRequestHandler):
    def do_GET(self):
        data = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("sent", "a") as out:
            print(json.dumps([self.command, self.path, body], sort_keys=True), file=out)
        self.do_GET()

    do_PATCH = do_PUT

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", 0), Stub)
with open("port", "w") as out:
    print(server.server_port, file=out)
server.serve_forever()
PY
python3 stub.py &
server=$!
for _ in $(seq 100); do [ -s port ] && break || sleep 0.1; done

cat >Finding.java <<'JAVA'
import java.util.Set;
import net.tirasa.connid.bundles.scim.common.SCIMConnectorConfiguration;
import net.tirasa.connid.bundles.scim.v2.SCIMv2Connector;
import org.identityconnectors.framework.common.objects.*;

class Finding {
    public static void main(String[] args) {
        update(args[0], "PUT", ObjectClass.ACCOUNT, "userName");
        update(args[0], "PATCH", ObjectClass.ACCOUNT, "userName");
        update(args[0], "PATCH", ObjectClass.GROUP, "displayName");
        System.exit(0); // the threads of the HTTP client go on otherwise
    }

    private static void update(String base, String method, ObjectClass type, String name) {
        SCIMConnectorConfiguration c = new SCIMConnectorConfiguration();
        c.setBaseAddress(base);
        c.setBearerToken("token");
        c.setAccept("application/scim+json");
        c.setContentType("application/scim+json");
        c.setUpdateUserMethod(method);
        c.setUpdateGroupMethod("PATCH");
        c.setScimProvider("STANDARD");
        SCIMv2Connector connector = new SCIMv2Connector();
        connector.init(c);
        connector.update(type, new Uid("1"), Set.of(AttributeBuilder.build(name, "new")), new OperationOptionsBuilder().build());
    }
}
JAVA
javac -nowarn -cp "$(cat classpath)" Finding.java
timeout 120 java -cp "$tmp:$(cat classpath)" Finding "http://127.0.0.1:$(cat port)/" >log 2>&1 || { cat log >&2; exit 1; }
python3 - <<'PY'
import json
import sys

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
sent = [json.loads(line) for line in open("sent")]
for method, path, body in sent:
    print("%-5s %-9s schemas %s, Operations: %s" % (method, path, body["schemas"], "Operations" in body))
put, patch, group = sent
print("the two bodies for /Users are the same:", put[2] == patch[2])
seen = [(method, path, body["schemas"], "Operations" in body) for method, path, body in sent]
if put[2] != patch[2] or seen != [("PUT", "/Users/1", [USER], False), ("PATCH", "/Users/1", [USER], False),
                                  ("PATCH", "/Groups/1", [PATCH], True)]:
    sys.exit("the observation has changed")
PY
