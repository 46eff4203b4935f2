"""The life of a user and a group through scim2-client.

usage: scim2_client_run.py BASE_URL TOKEN
"""
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (BulkOperation, BulkRequest, NotFoundException, PatchOp, PatchOperation, SearchRequest,
                          UniquenessException)

from steps import Steps, expect

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
step = Steps("scim2-client")
scim = SyncSCIMClient(httpx2.Client(base_url=sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]}))


def patch(model, id, *operations):
    """Sends a PATCH and returns the resource as it then is."""
    scim.modify(model, id, PatchOp[model](operations=[PatchOperation(**o) for o in operations]))
    return scim.query(model, id)


def find(model, **query):
    return scim.query(model, query_parameters=SearchRequest(**query))


def ids(resources):
    return sorted(r.id for r in resources or [])


def refused(error, call):
    """Wants a call to raise the exception of a SCIM error."""
    try:
        call()
    except error:
        return
    raise AssertionError("%s was not raised" % error.__name__)


with step("discover"):
    scim.discover()
    User, Group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    expect(scim.provider.config.patch.supported, True, "patch.supported")
with step("create a user"):
    user = scim.create(User, {
        "schemas": [User.__schema__, ENTERPRISE], "userName": "py-barbara", "active": True, "externalId": "701984",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True}],
        ENTERPRISE: {"department": "Sales", "manager": {"value": "26118915"}},
    })
    expect(user.name.family_name, "Jensen")
    expect(user.emails[0].value, "bjensen@example.com")
with step("create the same user again"):
    refused(UniquenessException, lambda: scim.create(User(user_name="py-barbara")))
with step("create more users"):
    others = [scim.create(User(user_name="py-other%d" % i, title="other")) for i in range(5)]
with step("look up by userName"):
    found = find(User, filter='userName eq "PY-Barbara"')
    expect(found.total_results, 1, "totalResults")
    expect(ids(found.resources), [user.id])
with step("get"):
    user = scim.query(User, user.id)
    expect(user.user_name, "py-barbara")
with step("get with the version that is current"):
    expect(scim.query(user) is user, True, "not modified")
with step("replace"):
    user.display_name, user.name.given_name, user.title = "Babs", "Babs", "Guide"
    user = scim.replace(user)
    expect((user.display_name, user.name.given_name, user.title), ("Babs", "Babs", "Guide"))
    expect(user.emails[0].value, "bjensen@example.com")
with step("deactivate"):
    expect(patch(User, user.id, {"op": "replace", "path": "active", "value": False}).active, False)
with step("activate"):
    expect(patch(User, user.id, {"op": "replace", "path": "active", "value": True}).active, True)
with step("change nested attributes"):
    user = patch(User, user.id, {"op": "replace", "path": "name.familyName", "value": "Smith"},
                 {"op": "add", "path": ENTERPRISE + ":department", "value": "Tours"})
    expect(user.name.family_name, "Smith")
    expect(user[ENTERPRISE + ":department"], "Tours")
with step("add an e-mail address"):
    user = patch(User, user.id, {"op": "add", "path": "emails", "value": [{"value": "babs@home.example", "type": "home"}]})
    expect(sorted(e.value for e in user.emails), ["babs@home.example", "bjensen@example.com"])
with step("change the work address"):
    user = patch(User, user.id, {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"})
    expect(sorted(e.value for e in user.emails), ["babs@home.example", "new@example.com"])
with step("remove the home address"):
    user = patch(User, user.id, {"op": "remove", "path": 'emails[type eq "home"]'})
    expect([e.value for e in user.emails], ["new@example.com"])
with step("remove an attribute"):
    expect(patch(User, user.id, {"op": "remove", "path": "title"}).title, None)
with step("create a group with a member"):
    group = scim.create(Group(display_name="py-tour guides", members=[{"value": user.id}]))
    expect(ids_of_members := [m.value for m in group.members], [user.id])
with step("the user is in the group"):
    expect([g.value for g in scim.query(User, user.id).groups], [group.id])
with step("add members"):
    group = patch(Group, group.id, {"op": "add", "path": "members", "value": [{"value": o.id} for o in others[:2]]})
    expect(sorted(m.value for m in group.members), sorted([user.id] + ids(others[:2])))
with step("remove a member"):
    group = patch(Group, group.id, {"op": "remove", "path": 'members[value eq "%s"]' % user.id})
    expect(sorted(m.value for m in group.members), ids(others[:2]))
with step("replace the members"):
    group = patch(Group, group.id, {"op": "replace", "path": "members", "value": [{"value": user.id}]})
    expect([m.value for m in group.members], [user.id])
with step("rename the group"):
    group.display_name = "py-guides"
    group = scim.replace(group)
    expect(group.display_name, "py-guides")
    expect([m.value for m in scim.query(Group, group.id).members], [user.id])
with step("list page by page"):
    seen, start = [], 1
    while True:
        page = find(User, filter='title eq "other"', sort_by="userName", start_index=start, count=2)
        expect(page.total_results, len(others), "totalResults")
        if not page.resources:
            break
        seen += [r.user_name for r in page.resources]
        start += len(page.resources)
    expect(seen, [o.user_name for o in others])
with step("list in descending order"):
    page = find(User, filter='title eq "other"', sort_by="userName", sort_order="descending", count=1)
    expect(page.resources[0].user_name, others[-1].user_name)
with step("filter on several attributes"):
    found = find(User, filter='name.familyName sw "smi" and emails[type eq "work" and value ew "@example.com"]')
    expect(ids(found.resources), [user.id])
with step("filter on members"):
    expect(ids(find(Group, filter='members.value eq "%s"' % user.id).resources), [group.id])
with step("search in one type"):
    found = scim.search(User, SearchRequest(filter='title eq "other"', start_index=2, count=3, sort_by="userName"))
    expect((found.total_results, found.start_index), (len(others), 2))
    expect([r.user_name for r in found.resources], [o.user_name for o in others[1:4]])
with step("search in all types"):
    found = scim.search(SearchRequest(filter='userName eq "py-barbara" or displayName eq "py-guides"'))
    expect(ids(found.resources), sorted([user.id, group.id]))
with step("some attributes"):
    found = find(User, filter='userName eq "py-barbara"', attributes=["userName"]).resources[0]
    expect((found.user_name, found.emails), ("py-barbara", None))
with step("list by cursor"):
    seen, cursor = [], ""
    while cursor is not None:
        page = find(User, filter='title eq "other"', sort_by="userName", cursor=cursor, count=2)
        seen, cursor = seen + [r.user_name for r in page.resources], page.next_cursor
    expect(seen, [o.user_name for o in others])
with step("bulk with a reference to a later operation"):
    made = scim.bulk(BulkRequest[User | Group](operations=[
        BulkOperation[Group](method="POST", path="/Groups", bulk_id="group",
                             data=Group(display_name="py-bulk guides", members=[{"value": "bulkId:user", "type": "User"}])),
        BulkOperation[User](method="POST", path="/Users", bulk_id="user", data=User(user_name="py-bulk")),
    ])).operations
    expect([(o.bulk_id, o.status) for o in made], [("group", 201), ("user", 201)])
    paths = [str(o.location)[len(sys.argv[1]):] for o in made]
    expect([m.value for m in scim.query(Group, paths[0].split("/")[-1]).members], [paths[1].split("/")[-1]])
with step("bulk of every other method"):
    changed = scim.bulk(BulkRequest[User | Group](operations=[
        BulkOperation[User](method="PUT", path=paths[1], data=User(user_name="py-bulk", title="Guide")),
        BulkOperation[User](method="PATCH", path=paths[1], data=PatchOp[User](operations=[PatchOperation(op="remove", path="title")])),
        BulkOperation[User](method="DELETE", path="/Users/nobody"),
        BulkOperation[Group](method="DELETE", path=paths[0]),
        BulkOperation[User](method="DELETE", path=paths[1]),
    ])).operations
    expect([o.status for o in changed], [200, 200, 404, 204, 204])
    expect(changed[2].response.status, 404, "the status of the error")
with step("delete the group"):
    scim.delete(Group, group.id)
    refused(NotFoundException, lambda: scim.query(Group, group.id))
with step("delete the users"):
    for one in [user] + others:
        scim.delete(User, one.id)
        refused(NotFoundException, lambda: scim.query(User, one.id))
step.end()
