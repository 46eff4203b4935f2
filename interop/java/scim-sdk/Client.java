import com.fasterxml.jackson.databind.JsonNode;
import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.builder.PatchBuilder;
import de.captaingoldfish.scim.sdk.client.response.ServerResponse;
import de.captaingoldfish.scim.sdk.common.constants.EndpointPaths;
import de.captaingoldfish.scim.sdk.common.constants.enums.Comparator;
import de.captaingoldfish.scim.sdk.common.constants.enums.HttpMethod;
import de.captaingoldfish.scim.sdk.common.constants.enums.PatchOp;
import de.captaingoldfish.scim.sdk.common.constants.enums.SortOrder;
import de.captaingoldfish.scim.sdk.common.request.PatchOpRequest;
import de.captaingoldfish.scim.sdk.common.request.PatchRequestOperation;
import de.captaingoldfish.scim.sdk.common.resources.EnterpriseUser;
import de.captaingoldfish.scim.sdk.common.resources.Group;
import de.captaingoldfish.scim.sdk.common.resources.ResourceNode;
import de.captaingoldfish.scim.sdk.common.resources.User;
import de.captaingoldfish.scim.sdk.common.resources.base.ScimObjectNode;
import de.captaingoldfish.scim.sdk.common.resources.complex.Manager;
import de.captaingoldfish.scim.sdk.common.resources.complex.Name;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Email;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Member;
import de.captaingoldfish.scim.sdk.common.response.BulkResponse;
import de.captaingoldfish.scim.sdk.common.response.BulkResponseOperation;
import de.captaingoldfish.scim.sdk.common.response.ListResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The life of a user and a group through the client of SCIM-SDK. Arguments: base URL, token. */
final class Client {
    private static final String USERS = EndpointPaths.USERS;
    private static final String GROUPS = EndpointPaths.GROUPS;
    private static final String DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

    private final Steps steps = new Steps("scim-sdk");
    private final ScimRequestBuilder scim;
    private final List<User> others = new ArrayList<>();
    private User user;
    private Group group;

    private Client(String base, String token) throws Exception {
        scim = new ScimRequestBuilder(base, ScimClientConfig.builder()
            .connectTimeout(10).requestTimeout(30).socketTimeout(30)
            .httpHeaders(Map.of("Authorization", "Bearer " + token)).build());
    }

    public static void main(String[] args) throws Exception {
        Client c = new Client(args[0], args[1]);
        c.discover();
        c.create();
        c.read();
        c.change();
        c.changeMany();
        c.members();
        c.list();
        c.bulk();
        c.delete();
        c.steps.end();
    }

    /** Returns the resource of a response that the client takes for a success. */
    private static <T extends ScimObjectNode> T success(ServerResponse<T> response) {
        if (!response.isSuccess()) {
            throw new AssertionError(response.getHttpStatus() + " " + response.getHttpHeaders() + " " + response.getResponseBody());
        }
        return response.getResource();
    }

    private static void refused(int status, ServerResponse<?> response) {
        Steps.expect(response.isSuccess(), false);
        Steps.expect(response.getHttpStatus(), status);
        Steps.expect(response.getErrorResponse().getStatus(), status);
    }

    private void discover() {
        steps.step("discover", () -> {
            Steps.expect(scim.loadServiceProviderConfiguration().getPatchConfig().isSupported(), true);
            Steps.expect(success(scim.loadMetaConfiguration().sendRequest()).getResourceTypes().size(), 2);
        });
    }

    private void create() {
        steps.step("create a user", () -> {
            User sent = User.builder().userName("sdk-barbara").active(true).externalId("701984")
                .name(Name.builder().givenName("Barbara").familyName("Jensen").build())
                .emails(List.of(Email.builder().value("bjensen@example.com").type("work").primary(true).build()))
                .enterpriseUser(EnterpriseUser.builder().department("Sales").manager(Manager.builder().value("26118915").build()).build())
                .build();
            user = success(scim.create(User.class, USERS).setResource(sent).sendRequest());
            Steps.expect(user.getName().get().getFamilyName().get(), "Jensen");
            Steps.expect(user.getEnterpriseUser().get().getDepartment().get(), "Sales");
        });
        steps.step("create the same user again", () -> refused(409,
            scim.create(User.class, USERS).setResource(User.builder().userName("SDK-Barbara").build()).sendRequest()));
        steps.step("create more users", () -> {
            for (int i = 0; i < 5; i++) {
                User other = User.builder().userName("sdk-other" + i).title("sdk-other").build();
                others.add(success(scim.create(User.class, USERS).setResource(other).sendRequest()));
            }
        });
    }

    private <T extends ResourceNode> T get(Class<T> type, String endpoint, T resource) {
        return success(scim.get(type, endpoint, resource.getId().get()).sendRequest());
    }

    private void read() {
        steps.step("look up by userName", () -> {
            ListResponse<User> found = success(scim.list(User.class, USERS).filter("userName", Comparator.EQ, "SDK-Barbara").build()
                .get().sendRequest());
            Steps.expect(found.getTotalResults(), 1L);
            Steps.expect(found.getListedResources().get(0).getId(), user.getId());
        });
        steps.step("get", () -> {
            user = get(User.class, USERS, user);
            Steps.expect(user.getUserName().get(), "sdk-barbara");
        });
        steps.step("get with the version that is current", () -> {
            ServerResponse<User> response = scim.get(User.class, USERS, user.getId().get())
                .setETagForIfNoneMatch(user.getMeta().get().getVersion().get().getEntityTag()).sendRequest();
            Steps.expect(response.getHttpStatus(), 304);
        });
    }

    private PatchBuilder<User> patchUser() {
        return scim.patch(User.class, USERS, user.getId().get());
    }

    private void change() {
        steps.step("replace", () -> {
            user.setDisplayName("Babs");
            user.setTitle("Guide");
            user = success(scim.update(User.class, USERS, user.getId().get()).setResource(user)
                .setETagForIfMatch(user.getMeta().get().getVersion().get()).sendRequest());
            Steps.expect(user.getDisplayName().get(), "Babs");
            Steps.expect(user.getTitle().get(), "Guide");
        });
        steps.step("deactivate", () -> {
            success(patchUser().addOperation().path("active").op(PatchOp.REPLACE).value("false").build().sendRequest());
            user = get(User.class, USERS, user);
            Steps.expect(user.isActive().get(), false);
        });
        steps.step("activate without a path", () -> {
            success(patchUser().addOperation().op(PatchOp.REPLACE).valueNode(User.builder().active(true).build()).build().sendRequest());
            user = get(User.class, USERS, user);
            Steps.expect(user.isActive().get(), true);
        });
        steps.step("change nested attributes", () -> {
            success(patchUser().addOperation().path("name.familyName").op(PatchOp.REPLACE).value("Smith").next()
                .path(DEPARTMENT).op(PatchOp.ADD).value("Tours").build().sendRequest());
            user = get(User.class, USERS, user);
            Steps.expect(user.getName().get().getFamilyName().get(), "Smith");
            Steps.expect(user.getEnterpriseUser().get().getDepartment().get(), "Tours");
        });
        steps.step("remove an attribute", () -> {
            success(patchUser().addOperation().path("title").op(PatchOp.REMOVE).build().sendRequest());
            user = get(User.class, USERS, user);
            Steps.expect(user.getTitle().isPresent(), false);
        });
    }

    private void wantEmails(String... want) {
        user = get(User.class, USERS, user);
        Steps.expect(user.getEmails().stream().map(e -> e.getValue().get()).sorted().toList(), List.of(want));
    }

    private void changeMany() {
        steps.step("add an e-mail address", () -> {
            JsonNode home = Email.builder().value("babs@home.example").type("home").build();
            success(patchUser().addOperation().path("emails").op(PatchOp.ADD).valueNode(home).build().sendRequest());
            wantEmails("babs@home.example", "bjensen@example.com");
        });
        steps.step("change the work address", () -> {
            success(patchUser().addOperation().path("emails[type eq \"work\"].value").op(PatchOp.REPLACE).value("new@example.com")
                .build().sendRequest());
            wantEmails("babs@home.example", "new@example.com");
        });
        steps.step("replace the work address as an object", () -> {
            JsonNode work = Email.builder().value("third@example.com").type("work").primary(true).build();
            success(patchUser().addOperation().path("emails[type eq \"work\"]").op(PatchOp.REPLACE).valueNode(work).build().sendRequest());
            wantEmails("babs@home.example", "third@example.com");
        });
        steps.step("remove the home address", () -> {
            success(patchUser().addOperation().path("emails[type eq \"home\"]").op(PatchOp.REMOVE).build().sendRequest());
            wantEmails("third@example.com");
        });
    }

    private static Member member(User u) {
        return Member.builder().value(u.getId().get()).type("User").build();
    }

    /** Reads the group again and wants its members. */
    private void wantMembers(User... want) {
        group = get(Group.class, GROUPS, group);
        Steps.expect(group.getMembers().stream().map(m -> m.getValue().get()).sorted().toList(),
            Arrays.stream(want).map(u -> u.getId().get()).sorted().toList());
    }

    private PatchBuilder<Group> patchGroup() {
        return scim.patch(Group.class, GROUPS, group.getId().get());
    }

    private void members() {
        steps.step("create a group with a member", () -> {
            Group sent = Group.builder().displayName("sdk-tour guides").members(List.of(member(user))).build();
            group = success(scim.create(Group.class, GROUPS).setResource(sent).sendRequest());
            wantMembers(user);
            Steps.expect(get(User.class, USERS, user).getGroups().get(0).getValue(), group.getId());
        });
        steps.step("add members", () -> {
            success(patchGroup().addOperation().path("members").op(PatchOp.ADD)
                .valueNodes(List.of(member(others.get(0)), member(others.get(1)))).build().sendRequest());
            wantMembers(user, others.get(0), others.get(1));
        });
        steps.step("remove a member", () -> {
            success(patchGroup().addOperation().path("members[value eq \"" + user.getId().get() + "\"]").op(PatchOp.REMOVE)
                .build().sendRequest());
            wantMembers(others.get(0), others.get(1));
        });
        steps.step("replace the members", () -> {
            success(patchGroup().addOperation().path("members").op(PatchOp.REPLACE).valueNode(member(user)).build().sendRequest());
            wantMembers(user);
        });
        steps.step("rename the group", () -> {
            group.setDisplayName("sdk-guides");
            success(scim.update(Group.class, GROUPS, group.getId().get()).setResource(group).sendRequest());
            wantMembers(user);
            Steps.expect(group.getDisplayName().get(), "sdk-guides");
        });
    }

    private static List<String> names(ListResponse<User> page) {
        return page.getListedResources().stream().map(u -> u.getUserName().get()).toList();
    }

    private void list() {
        String filter = "title eq \"sdk-other\"";
        steps.step("list page by page", () -> {
            List<String> seen = new ArrayList<>();
            while (seen.size() < others.size()) {
                ListResponse<User> page = success(scim.list(User.class, USERS).filter(filter).sortBy("userName")
                    .sortOrder(SortOrder.ASCENDING).startIndex(seen.size() + 1).count(2).get().sendRequest());
                Steps.expect(page.getTotalResults(), (long) others.size());
                Steps.expect(page.getListedResources().isEmpty(), false);
                seen.addAll(names(page));
            }
            Steps.expect(seen, others.stream().map(u -> u.getUserName().get()).toList());
        });
        steps.step("list all", () -> {
            ListResponse<User> all = (ListResponse<User>) success((ServerResponse<ListResponse<User>>) scim.list(User.class, USERS)
                .filter(filter).sortBy("userName").get().getAll());
            Steps.expect(names(all).size(), others.size());
        });
        steps.step("filter on several attributes", () -> {
            ListResponse<User> found = success(scim.list(User.class, USERS)
                .filter("name.familyName", Comparator.SW, "smi").and("emails.value", Comparator.EW, "@example.com").build()
                .attributes("userName").get().sendRequest());
            Steps.expect(names(found), List.of("sdk-barbara"));
        });
        steps.step("search", () -> {
            ListResponse<User> page = success(scim.list(User.class, USERS).filter(filter).sortBy("userName")
                .sortOrder(SortOrder.ASCENDING).startIndex(2).count(3).attributes("userName", "name").post().sendRequest());
            Steps.expect(page.getTotalResults(), (long) others.size());
            Steps.expect(names(page), List.of("sdk-other1", "sdk-other2", "sdk-other3"));
            Steps.expect(page.getListedResources().get(0).getTitle().isPresent(), false);
        });
    }

    private static List<Integer> statuses(BulkResponse response) {
        return response.getBulkResponseOperations().stream().map(BulkResponseOperation::getStatus).toList();
    }

    private static String created(BulkResponse response, String bulkId) {
        String location = response.getByBulkId(bulkId).get().getLocation().get();
        return location.substring(location.lastIndexOf('/') + 1);
    }

    private void bulk() {
        steps.step("bulk with a reference to a later operation", () -> {
            Group guides = Group.builder().displayName("sdk-bulk guides")
                .members(List.of(Member.builder().value("bulkId:user").type("User").build())).build();
            User guide = User.builder().userName("sdk-bulk").build();
            BulkResponse made = success(scim.bulk()
                .bulkRequestOperation(GROUPS).method(HttpMethod.POST).bulkId("group").data(guides).next()
                .bulkRequestOperation(USERS).method(HttpMethod.POST).bulkId("user").data(guide).sendRequest());
            Steps.expect(statuses(made), List.of(201, 201));
            Group stored = success(scim.get(Group.class, GROUPS, created(made, "group")).sendRequest());
            Steps.expect(stored.getMembers().get(0).getValue().get(), created(made, "user"));
            JsonNode patch = PatchOpRequest.builder().operations(List.of(
                PatchRequestOperation.builder().op(PatchOp.ADD).path("title").value("Guide").build())).build();
            BulkResponse changed = success(scim.bulk().failOnErrors(5)
                .bulkRequestOperation(USERS, created(made, "user")).method(HttpMethod.PATCH).bulkId("patch").data(patch).next()
                .bulkRequestOperation(GROUPS, created(made, "group")).method(HttpMethod.DELETE).bulkId("delete").next()
                .bulkRequestOperation(USERS, "nobody").method(HttpMethod.DELETE).bulkId("none").next()
                .bulkRequestOperation(USERS, created(made, "user")).method(HttpMethod.DELETE).bulkId("last").sendRequest());
            Steps.expect(statuses(changed), List.of(200, 204, 404, 204));
            Steps.expect(changed.getFailedOperations().map(o -> o.getBulkId().get()).toList(), List.of("none"));
        });
    }

    private void delete() {
        steps.step("delete the group", () -> {
            success(scim.delete(Group.class, GROUPS, group.getId().get()).sendRequest());
            refused(404, scim.get(Group.class, GROUPS, group.getId().get()).sendRequest());
        });
        steps.step("delete the users", () -> {
            others.add(user);
            for (User u : others) {
                success(scim.delete(User.class, USERS, u.getId().get()).sendRequest());
                refused(404, scim.get(User.class, USERS, u.getId().get()).sendRequest());
            }
        });
    }
}
