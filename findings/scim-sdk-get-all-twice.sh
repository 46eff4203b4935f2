#!/usr/bin/env bash
# Software: SCIM-SDK's client, Maven de.captaingoldfish:scim-sdk-client 1.30.0.
#
# Expected: getAll() of a list request fetches the pages one after the other (RFC
# 7644 §3.4.2.4) and returns, as its comment says, all resources from the given
# startIndex on. The request was given none, so a second call returns the same.
#
# Observed: getAll() writes the startIndex of each further page into the builder
# and leaves the last one there. A second call of the same request, or another
# request of the same builder, starts at the last page and returns only what is
# on it, with success and with the totalResults of the whole list.
#
# Why it matters: a program that keeps the request and repeats it, for example to
# synchronise every hour, misses all users but the last ones from the second time
# on. If it removes what it does not find, it removes them. A new list() for each
# call avoids it.
#
# Output seen, with 5 users and at most 2 in a page:
#   first call:  success true, totalResults 5, users [u1, u2, u3, u4, u5]
#   second call: success true, totalResults 5, users [u5]
#   new get() of the same list(): success true, totalResults 5, users [u5]
#   requests: /Users | /Users?startIndex=3 | /Users?startIndex=5 | /Users?startIndex=5 | /Users?startIndex=5
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
      <groupId>de.captaingoldfish</groupId>
      <artifactId>scim-sdk-client</artifactId>
      <version>1.30.0</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>2.0.17</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -B -q -Dmaven.repo.local="$tmp/repository" \
	org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath -Dmdep.outputFile="$tmp/classpath" \
	>mvn.log 2>&1 || { cat mvn.log >&2; exit 1; }

# The stub has five users and returns at most two of them in a page.
cat >stub.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
USERS = [{"schemas": [SCHEMA], "id": str(n), "userName": "u%d" % n, "meta": {"resourceType": "User"}} for n in range(1, 6)]


class Stub(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("requests", "a") as out:
            print(self.path, file=out)
        start = int(parse_qs(urlsplit(self.path).query).get("startIndex", ["1"])[0])
        page = USERS[start - 1:start + 1]
        data = json.dumps({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(USERS),
                           "startIndex": start, "itemsPerPage": len(page), "Resources": page}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

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
import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.response.ServerResponse;
import de.captaingoldfish.scim.sdk.common.resources.User;
import de.captaingoldfish.scim.sdk.common.response.ListResponse;

class Finding {
    public static void main(String[] args) {
        var list = new ScimRequestBuilder(args[0], ScimClientConfig.builder().build()).list(User.class, "/Users");
        var request = list.get();
        print("first call:  ", request.getAll());
        print("second call: ", request.getAll());
        print("new get() of the same list(): ", list.get().getAll());
        System.exit(0);
    }

    private static void print(String name, ServerResponse<ListResponse<User>> answer) {
        var found = answer.getResource();
        System.out.println(name + "success " + answer.isSuccess() + ", totalResults " + found.getTotalResults()
            + ", users " + found.getListedResources().stream().map(u -> u.getUserName().get()).toList());
    }
}
JAVA
javac -nowarn -cp "$(cat classpath)" Finding.java
timeout 120 java -cp "$tmp:$(cat classpath)" Finding "http://127.0.0.1:$(cat port)" >seen
cat seen
printf 'requests: %s\n' "$(paste -sd '|' requests | sed 's/|/ | /g')"
if [ "$(grep -o 'success.*' seen)" != "success true, totalResults 5, users [u1, u2, u3, u4, u5]
success true, totalResults 5, users [u5]
success true, totalResults 5, users [u5]" ]; then
	echo "the observation has changed"
	exit 1
fi
