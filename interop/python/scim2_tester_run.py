"""All checks of scim2-tester.

usage: scim2_tester_run.py BASE_URL TOKEN
"""
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from steps import Steps

WELL = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}


def name_of(result):
    """Names a check with its resource type and, if there is one, its attribute."""
    parts = [result.resource_type, result.title]
    if isinstance(result.data, dict):
        parts.append(result.data.get("urn"))
    return " ".join(str(p) for p in parts if p)


step = Steps("scim2-tester")
client = SyncSCIMClient(httpx2.Client(base_url=sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]}))
for result in check_server(client):
    if result.status in WELL:
        step.passes(name_of(result))
    else:
        step.deviates(name_of(result), "%s: %s" % (result.status.name, result.reason))
step.end()
