import com.unboundid.scim2.client.ScimService;
import com.unboundid.scim2.common.exceptions.PreconditionFailedException;
import com.unboundid.scim2.common.exceptions.ResourceConflictException;
import com.unboundid.scim2.common.exceptions.ResourceNotFoundException;
import com.unboundid.scim2.common.exceptions.ScimException;
import com.unboundid.scim2.common.messages.ListResponse;
import com.unboundid.scim2.common.messages.SortOrder;
import com.unboundid.scim2.common.types.Email;
import com.unboundid.scim2.common.types.EnterpriseUserExtension;
import com.unboundid.scim2.common.types.GroupResource;
import com.unboundid.scim2.common.types.Manager;
import com.unboundid.scim2.common.types.Member;
import com.unboundid.scim2.common.types.Name;
import com.unboundid.scim2.common.types.UserResource;
import jakarta.ws.rs.client.ClientBuilder;
import jakarta.ws.rs.client.ClientRequestFilter;
import java.util.ArrayList;
import java.util.List;
import org.glassfish.jersey.apache.connector.ApacheConnectorProvider;
import org.glassfish.jersey.client.ClientConfig;

/** The life of a user and a group through UnboundID's SCIM 2 SDK. Arguments: base URL, token. */
final class Client {
    private static final String DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

    private final Steps steps;
    private final ScimService scim;
    private final List<UserResource> others = new ArrayList<>();
    private UserResource user;
    private GroupResource group;

    private Client(String base, String token) throws Exception {
        steps = new Steps("unboundid");
        ClientRequestFilter bearer = r -> r.getHeaders().putSingle("Authorization", "Bearer " + token);
        ClientConfig config = new ClientConfig().connectorProvider(new ApacheConnectorProvider());
        scim = new ScimService(ClientBuilder.newClient(config).register(bearer).target(base));
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
        c.delete();
        c.steps.end();
    }

    private interface Call {
        void run() throws ScimException;
    }

    private static void refused(Class<? extends ScimException> error, Call call) throws ScimException {
        try {
            call.run();
        } catch (ScimException e) {
            Steps.expect(e.getClass(), error);
            return;
        }
        throw new AssertionError(error.getSimpleName() + " was not raised");
    }

    private void discover() {
        steps.step("discover", () -> {
            Steps.expect(scim.getServiceProviderConfig().getPatch().isSupported(), true);
            Steps.expect(scim.getResourceTypes().getTotalResults(), 2);
            Steps.expect(scim.getSchemas().getTotalResults() >= 3, true);
            Steps.expect(scim.getResourceType("User").getName(), "User");
        });
    }

    private void create() {
        steps.step("create a user", () -> {
            UserResource sent = new UserResource().setUserName("ub-barbara").setActive(true)
                .setName(new Name().setGivenName("Barbara").setFamilyName("Jensen"))
                .setEmails(new Email().setValue("bjensen@example.com").setType("work").setPrimary(true));
            sent.setExternalId("701984");
            sent.setExtension(new EnterpriseUserExtension().setDepartment("Sales").setManager(new Manager().setValue("26118915")));
            user = scim.create("Users", sent);
            Steps.expect(user.getName().getFamilyName(), "Jensen");
            Steps.expect(user.getExtension(EnterpriseUserExtension.class).getDepartment(), "Sales");
        });
        steps.step("create the same user again", () -> refused(ResourceConflictException.class,
            () -> scim.create("Users", new UserResource().setUserName("UB-Barbara"))));
        steps.step("create more users", () -> {
            for (int i = 0; i < 5; i++) {
                others.add(scim.create("Users", new UserResource().setUserName("ub-other" + i).setTitle("ub-other")));
            }
        });
    }

    private void read() {
        steps.step("look up by userName", () -> {
            ListResponse<UserResource> found = scim.search("Users", "userName eq \"UB-Barbara\"", UserResource.class);
            Steps.expect(found.getTotalResults(), 1);
            Steps.expect(found.getResources().get(0).getId(), user.getId());
        });
        steps.step("get", () -> {
            user = scim.retrieve("Users", user.getId(), UserResource.class);
            Steps.expect(user.getUserName(), "ub-barbara");
        });
        steps.step("get by location", () -> Steps.expect(
            scim.retrieve(user.getMeta().getLocation(), UserResource.class).getId(), user.getId()));
    }

    private void change() {
        steps.step("replace", () -> {
            user = scim.replaceRequest(user.setDisplayName("Babs").setTitle("Guide")).ifMatch().invoke();
            Steps.expect(user.getDisplayName(), "Babs");
            Steps.expect(user.getTitle(), "Guide");
            Steps.expect(user.getEmails().get(0).getValue(), "bjensen@example.com");
        });
        steps.step("deactivate", () -> {
            user = scim.modifyRequest(user).replaceValue("active", false).invoke();
            Steps.expect(user.getActive(), false);
        });
        steps.step("change with an old version", () -> {
            UserResource old = user;
            user = scim.modifyRequest(user).ifMatch().replaceValue("nickName", "b").invoke();
            refused(PreconditionFailedException.class, () -> scim.modifyRequest(old).ifMatch().replaceValue("nickName", "c").invoke());
        });
        steps.step("activate", () -> {
            user = scim.modifyRequest(user).replaceValue("active", true).invoke();
            Steps.expect(user.getActive(), true);
        });
        steps.step("change nested attributes", () -> {
            user = scim.modifyRequest(user).replaceValue("name.familyName", "Smith").replaceValue(DEPARTMENT, "Tours").invoke();
            Steps.expect(user.getName().getFamilyName(), "Smith");
            Steps.expect(user.getExtension(EnterpriseUserExtension.class).getDepartment(), "Tours");
        });
        steps.step("remove an attribute", () -> {
            user = scim.modifyRequest(user).removeValues("title").invoke();
            Steps.expect(user.getTitle(), null);
        });
    }

    private List<String> emails() {
        return user.getEmails().stream().map(Email::getValue).sorted().toList();
    }

    private void changeMany() {
        steps.step("add an e-mail address", () -> {
            user = scim.modifyRequest(user).addValues("emails", new Email().setValue("babs@home.example").setType("home")).invoke();
            Steps.expect(emails(), List.of("babs@home.example", "bjensen@example.com"));
        });
        steps.step("change the work address", () -> {
            user = scim.modifyRequest(user).replaceValue("emails[type eq \"work\"].value", "new@example.com").invoke();
            Steps.expect(emails(), List.of("babs@home.example", "new@example.com"));
        });
        steps.step("remove the home address", () -> {
            user = scim.modifyRequest(user).removeValues("emails[type eq \"home\"]").invoke();
            Steps.expect(emails(), List.of("new@example.com"));
        });
    }

    /** Reads the group again and wants its members. */
    private void wantMembers(UserResource... want) throws ScimException {
        group = scim.retrieve("Groups", group.getId(), GroupResource.class);
        List<String> ids = new ArrayList<>();
        for (UserResource u : want) {
            ids.add(u.getId());
        }
        List<String> got = group.getMembers() == null ? List.of() : group.getMembers().stream().map(Member::getValue).sorted().toList();
        Steps.expect(got, ids.stream().sorted().toList());
    }

    private static Member member(UserResource u) {
        return new Member().setValue(u.getId());
    }

    private void members() {
        steps.step("create a group with a member", () -> {
            group = scim.create("Groups", new GroupResource().setDisplayName("ub-tour guides").setMembers(member(user)));
            wantMembers(user);
            Steps.expect(scim.retrieve(user).getGroups().get(0).getValue(), group.getId());
        });
        steps.step("add members", () -> {
            scim.modifyRequest(group).addValues("members", List.of(member(others.get(0)), member(others.get(1)))).invoke(Void.class);
            wantMembers(user, others.get(0), others.get(1));
        });
        steps.step("remove a member", () -> {
            scim.modifyRequest(group).removeValues("members[value eq \"" + user.getId() + "\"]").invoke(Void.class);
            wantMembers(others.get(0), others.get(1));
        });
        steps.step("replace the members", () -> {
            scim.modifyRequest(group).replaceValues("members", member(user)).invoke(Void.class);
            wantMembers(user);
        });
        steps.step("rename the group", () -> {
            scim.replace(group.setDisplayName("ub-guides"));
            wantMembers(user);
            Steps.expect(group.getDisplayName(), "ub-guides");
        });
    }

    private static List<String> names(ListResponse<UserResource> page) {
        return page.getResources().stream().map(UserResource::getUserName).toList();
    }

    private void list() {
        String filter = "title eq \"ub-other\"";
        steps.step("list page by page", () -> {
            List<String> seen = new ArrayList<>();
            while (seen.size() < others.size()) {
                ListResponse<UserResource> page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                    .page(seen.size() + 1, 2).invoke(UserResource.class);
                Steps.expect(page.getTotalResults(), others.size());
                seen.addAll(names(page));
            }
            Steps.expect(seen, others.stream().map(UserResource::getUserName).toList());
        });
        steps.step("list by cursor", () -> {
            ListResponse<UserResource> page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                .firstPageCursorWithCount(2).invoke(UserResource.class);
            List<String> seen = new ArrayList<>(names(page));
            while (page.getNextCursor() != null) {
                page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                    .pageWithCursor(page.getNextCursor(), 2).invoke(UserResource.class);
                Steps.expect(page.getTotalResults(), others.size());
                Steps.expect(page.getStartIndex(), null);
                seen.addAll(names(page));
            }
            Steps.expect(seen, others.stream().map(UserResource::getUserName).toList());
        });
        steps.step("a cursor that was made up", () -> {
            try {
                scim.searchRequest("Users").pageWithCursor("made-up", 2).invoke(UserResource.class);
                throw new AssertionError("it is accepted");
            } catch (ScimException e) {
                Steps.expect(e.getScimError().getScimType(), "invalidCursor");
            }
        });
        steps.step("search by cursor", () -> {
            ListResponse<UserResource> page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                .firstPageCursorWithCount(3).invokePost(UserResource.class);
            page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                .pageWithCursor(page.getNextCursor(), 3).invokePost(UserResource.class);
            Steps.expect(names(page), List.of("ub-other3", "ub-other4"));
            Steps.expect(page.getNextCursor(), null);
        });
        steps.step("list in descending order with some attributes", () -> {
            ListResponse<UserResource> page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.DESCENDING)
                .page(1, 1).attributes("userName").invoke(UserResource.class);
            Steps.expect(names(page), List.of("ub-other4"));
            Steps.expect(page.getResources().get(0).getTitle(), null);
        });
        steps.step("filter on several attributes", () -> Steps.expect(names(scim.search("Users",
            "name.familyName sw \"smi\" and emails[type eq \"work\" and value ew \"@example.com\"]", UserResource.class)), List.of("ub-barbara")));
        steps.step("search", () -> {
            ListResponse<UserResource> page = scim.searchRequest("Users").filter(filter).sort("userName", SortOrder.ASCENDING)
                .page(2, 3).attributes("userName").invokePost(UserResource.class);
            Steps.expect(page.getTotalResults(), others.size());
            Steps.expect(names(page), List.of("ub-other1", "ub-other2", "ub-other3"));
        });
    }

    private void delete() {
        steps.step("delete the group", () -> {
            scim.delete(group);
            refused(ResourceNotFoundException.class, () -> scim.retrieve("Groups", group.getId(), GroupResource.class));
        });
        steps.step("delete the users", () -> {
            others.add(user);
            for (UserResource u : others) {
                scim.delete("Users", u.getId());
                refused(ResourceNotFoundException.class, () -> scim.retrieve("Users", u.getId(), UserResource.class));
            }
        });
    }
}
