#!/usr/bin/env bash
# Software: ConnId's SCIM connector, Maven net.tirasa.connid.bundles:
# net.tirasa.connid.bundles.scim 1.0.5 (it connects Apache Syncope to SCIM).
#
# Expected: __ENABLE__ is the name by which a ConnId framework client enables and
# disables an account (OperationalAttributes.ENABLE_NAME). The connector's schema
# offers it for accounts, and its create and update write it as "active". A delta
# of it is a PATCH of "active" (RFC 7643 §4.1.1), as a delta of __NAME__ is one of
# "userName".
#
# Observed: updateDelta translates __NAME__ and __PASSWORD__, but not __ENABLE__.
# It sends a PatchOp with "path":"__ENABLE__", which no SCIM schema has, and with
# the text "false" for a Boolean.
#
# Why it matters: a service provider that follows RFC 7644 §3.12 answers 400 with
# invalidPath, so the account is not disabled. One that ignores unknown paths
# answers with success and leaves the account enabled. A delta named "active"
# works.
#
# Output seen:
#   offered by the schema: __ENABLE__ true
#   delta of __NAME__:   [{"op":"replace","path":"userName","value":"new"}]
#   delta of __ENABLE__: [{"op":"replace","path":"__ENABLE__","value":"false"}]
#   delta of active:     [{"op":"replace","path":"active","value":false}]
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

# The stub has one user. It prints the operations of each PATCH.
cat >stub.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "1", "userName": "old", "active": True}


class Stub(BaseHTTPRequestHandler):
    def do_GET(self):
        data = json.dumps(USER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("operations", "a") as out:
            print(json.dumps(body["Operations"], sort_keys=True, separators=(",", ":")), file=out)
        self.do_GET()

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
        SCIMConnectorConfiguration c = new SCIMConnectorConfiguration();
        c.setBaseAddress(args[0]);
        c.setBearerToken("token");
        c.setAccept("application/scim+json");
        c.setContentType("application/scim+json");
        c.setUpdateGroupMethod("PATCH");
        c.setScimProvider("STANDARD");
        SCIMv2Connector connector = new SCIMv2Connector();
        connector.init(c);
        boolean offered = connector.schema().findObjectClassInfo(ObjectClass.ACCOUNT_NAME).getAttributeInfo().stream()
            .anyMatch(a -> a.is(OperationalAttributes.ENABLE_NAME) && a.isUpdateable());
        System.out.println("offered by the schema: __ENABLE__ " + offered);
        Object[][] deltas = {{Name.NAME, "new"}, {OperationalAttributes.ENABLE_NAME, false}, {"active", false}};
        for (Object[] d : deltas) {
            connector.updateDelta(ObjectClass.ACCOUNT, new Uid("1"),
                Set.of(AttributeDeltaBuilder.build((String) d[0], d[1])), new OperationOptionsBuilder().build());
        }
        System.exit(0); // the threads of the HTTP client go on otherwise
    }
}
JAVA
javac -nowarn -cp "$(cat classpath)" Finding.java
timeout 120 java -cp "$tmp:$(cat classpath)" Finding "http://127.0.0.1:$(cat port)/" >log 2>&1 || { cat log >&2; exit 1; }
grep '^offered' log
mapfile -t sent <operations
printf 'delta of __NAME__:   %s\ndelta of __ENABLE__: %s\ndelta of active:     %s\n' "${sent[@]}"
case ${sent[0]}${sent[1]}${sent[2]} in
*'"path":"userName"'*'"path":"__ENABLE__"'*'"path":"active"'*) ;;
*)
	echo "the observation has changed"
	exit 1
	;;
esac
