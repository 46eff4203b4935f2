import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import net.tirasa.connid.bundles.scim.common.SCIMConnectorConfiguration;
import net.tirasa.connid.bundles.scim.v2.SCIMv2Connector;
import org.identityconnectors.common.logging.Log;
import org.identityconnectors.common.logging.LogSpi;
import org.identityconnectors.common.security.GuardedString;
import org.identityconnectors.framework.common.objects.Attribute;
import org.identityconnectors.framework.common.objects.AttributeBuilder;
import org.identityconnectors.framework.common.objects.AttributeDelta;
import org.identityconnectors.framework.common.objects.AttributeDeltaBuilder;
import org.identityconnectors.framework.common.objects.ConnectorObject;
import org.identityconnectors.framework.common.objects.Name;
import org.identityconnectors.framework.common.objects.ObjectClass;
import org.identityconnectors.framework.common.objects.OperationOptions;
import org.identityconnectors.framework.common.objects.OperationOptionsBuilder;
import org.identityconnectors.framework.common.objects.OperationalAttributes;
import org.identityconnectors.framework.common.objects.SearchResult;
import org.identityconnectors.framework.common.objects.Uid;
import org.identityconnectors.framework.common.objects.filter.EqualsFilter;
import org.identityconnectors.framework.common.objects.filter.Filter;
import org.identityconnectors.framework.spi.SearchResultsHandler;

/** What Apache Syncope does to a SCIM service through the connector of ConnId. Arguments: base URL, token. */
final class Client {
    private static final String ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    private static final String DEPARTMENT = ENTERPRISE + ":department";
    private static final String DOTTED_DEPARTMENT = ENTERPRISE + ".department";
    private static final String[] WANTED = {"userName", "active", "title", "name.givenName", "name.familyName",
        "emails.work.value", "groups", "displayName", "members", DEPARTMENT, DOTTED_DEPARTMENT};

    /** How the connector writes a member or a group of a user. */
    private static final Pattern REFERENCE = Pattern.compile("BaseResourceReference\\{value=([^,]*),.*", Pattern.DOTALL);

    private final Steps steps = new Steps("connid");
    private final SCIMv2Connector scim;
    private final SCIMv2Connector patching;
    private final SCIMv2Connector dotted;
    private final List<Uid> others = new ArrayList<>();
    private Uid user;
    private Uid group;

    private Client(String base, String token) throws Exception {
        scim = connector(base, token, "PUT", true);
        patching = connector(base, token, "PATCH", true);
        dotted = connector(base, token, "PUT", false);
    }

    /**
     * Returns a connector whose update sends PUT or PATCH (a delta is a PATCH with both), and whose attributes of
     * extensions have a colon or a dot after the schema URI.
     */
    private static SCIMv2Connector connector(String base, String token, String method, boolean colon) {
        SCIMConnectorConfiguration c = new SCIMConnectorConfiguration();
        c.setBaseAddress(base + "/");
        c.setBearerToken(token);
        c.setAccept("application/scim+json");
        c.setContentType("application/scim+json");
        c.setUpdateUserMethod(method);
        c.setUpdateGroupMethod("PATCH");
        c.setUseColonOnExtensionAttributes(colon);
        c.setScimProvider("STANDARD");
        SCIMv2Connector connector = new SCIMv2Connector();
        connector.init(c);
        return connector;
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("org.identityconnectors.common.logging.class", Quiet.class.getName());
        Client c = new Client(args[0], args[1]);
        c.test();
        c.create();
        c.search();
        c.update();
        c.updateWithPatch();
        c.updateDelta();
        c.memberships();
        c.groups();
        c.delete();
        c.steps.end();
    }

    private static final OperationOptions ALL = new OperationOptionsBuilder().setAttributesToGet(WANTED).build();

    private List<ConnectorObject> find(ObjectClass type, Filter filter, OperationOptions options) {
        return find(scim, type, filter, options);
    }

    private static List<ConnectorObject> find(SCIMv2Connector connector, ObjectClass type, Filter filter, OperationOptions options) {
        List<ConnectorObject> found = new ArrayList<>();
        connector.executeQuery(type, filter, found::add, options);
        return found;
    }

    private ConnectorObject get(ObjectClass type, Uid uid) {
        List<ConnectorObject> found = find(type, new EqualsFilter(uid), ALL);
        Steps.expect(found.size(), 1);
        return found.get(0);
    }

    /** Wants the values of an attribute, in any order, of members and groups their ids. */
    private void want(ObjectClass type, Uid uid, String attribute, Object... values) {
        Attribute a = get(type, uid).getAttributeByName(attribute);
        Set<Object> got = new HashSet<>();
        for (Object value : a == null || a.getValue() == null ? List.of() : a.getValue()) {
            got.add(value instanceof String ? REFERENCE.matcher((String) value).replaceAll("$1") : value);
        }
        Steps.expect(got, new HashSet<>(Arrays.asList(values)));
    }

    private static Attribute attr(String name, Object... values) {
        return AttributeBuilder.build(name, values);
    }

    private void test() {
        steps.step("test the connection", () -> scim.test());
        steps.step("read the schema", () -> Steps.expect(scim.schema().getObjectClassInfo().size() >= 2, true));
    }

    private void create() {
        steps.step("create an account", () -> {
            Set<Attribute> sent = new HashSet<>(List.of(new Name("connid-barbara"), attr("userName", "connid-barbara"),
                attr("name.givenName", "Barbara"), attr("name.familyName", "Jensen"), attr("emails.work.value", "bjensen@example.com"),
                attr("title", "Guide"), attr(DEPARTMENT, "Sales"), attr(OperationalAttributes.ENABLE_NAME, true),
                attr(OperationalAttributes.PASSWORD_NAME, new GuardedString("t1meMa$heen".toCharArray()))));
            user = scim.create(ObjectClass.ACCOUNT, sent, ALL);
            want(ObjectClass.ACCOUNT, user, "userName", "connid-barbara");
            want(ObjectClass.ACCOUNT, user, "name.familyName", "Jensen");
            want(ObjectClass.ACCOUNT, user, "emails.work.value", "bjensen@example.com");
            want(ObjectClass.ACCOUNT, user, DEPARTMENT, "Sales");
            want(ObjectClass.ACCOUNT, user, "active", true);
        });
        steps.step("create the same account again", () -> {
            try {
                scim.create(ObjectClass.ACCOUNT, new HashSet<>(List.of(new Name("connid-barbara"), attr("userName", "connid-barbara"))), ALL);
            } catch (RuntimeException e) {
                return;
            }
            throw new AssertionError("it was created");
        });
        steps.step("create more accounts", () -> {
            for (int i = 0; i < 5; i++) {
                others.add(scim.create(ObjectClass.ACCOUNT, new HashSet<>(List.of(new Name("connid-other" + i),
                    attr("userName", "connid-other" + i), attr("emails.work.value", "o" + i + "@example.com"))), ALL));
            }
        });
    }

    private void search() {
        steps.step("search by userName", () -> {
            List<ConnectorObject> found = find(ObjectClass.ACCOUNT, new EqualsFilter(attr("userName", "connid-barbara")), ALL);
            Steps.expect(found.size(), 1);
            Steps.expect(found.get(0).getUid(), user);
        });
        steps.step("search by name", () -> Steps.expect(
            find(ObjectClass.ACCOUNT, new EqualsFilter(new Name("connid-barbara")), ALL).get(0).getUid(), user));
        steps.step("search for nobody", () -> Steps.expect(
            find(ObjectClass.ACCOUNT, new EqualsFilter(attr("userName", "connid-nobody")), ALL).size(), 0));
        steps.step("search page by page", () -> {
            Set<Uid> seen = new HashSet<>();
            Pages pages = new Pages(seen);
            do {
                OperationOptionsBuilder options = new OperationOptionsBuilder().setAttributesToGet(WANTED).setPageSize(2);
                if (pages.cookie != null) {
                    options.setPagedResultsCookie(pages.cookie);
                }
                scim.executeQuery(ObjectClass.ACCOUNT, (Filter) null, pages, options.build());
            } while (pages.cookie != null);
            Steps.expect(seen.containsAll(others) && seen.contains(user), true);
        });
    }

    /** A log of the connector that writes nothing: what goes wrong is raised as well. */
    public static final class Quiet implements LogSpi {
        @Override
        public void log(Class<?> clazz, String method, Log.Level level, String message, Throwable ex) {
        }

        @Override
        public void log(Class<?> clazz, StackTraceElement caller, Log.Level level, String message, Throwable ex) {
        }

        @Override
        public boolean isLoggable(Class<?> clazz, Log.Level level) {
            return false;
        }

        @Override
        public boolean needToInferCaller(Class<?> clazz, Log.Level level) {
            return false;
        }
    }

    /** Collects pages and remembers where the next one begins. */
    private static final class Pages implements SearchResultsHandler {
        private final Set<Uid> seen;
        private String cookie;

        Pages(Set<Uid> seen) {
            this.seen = seen;
        }

        @Override
        public boolean handle(ConnectorObject o) {
            return seen.add(o.getUid());
        }

        @Override
        public void handleResult(SearchResult result) {
            cookie = result.getPagedResultsCookie();
        }
    }

    /** Syncope sends all attributes of an account with an update. */
    private void replace(SCIMv2Connector connector, boolean enabled, String familyName) {
        Set<Attribute> sent = new HashSet<>(List.of(new Name("connid-barbara"), attr("userName", "connid-barbara"),
            attr("name.givenName", "Barbara"), attr("name.familyName", familyName), attr("emails.work.value", "new@example.com"),
            attr("title", "Guide"), attr(OperationalAttributes.ENABLE_NAME, enabled)));
        connector.update(ObjectClass.ACCOUNT, user, sent, ALL);
    }

    private void update() {
        steps.step("update the account", () -> {
            replace(scim, true, "Smith");
            want(ObjectClass.ACCOUNT, user, "name.familyName", "Smith");
            want(ObjectClass.ACCOUNT, user, "emails.work.value", "new@example.com");
        });
        steps.step("disable the account", () -> {
            replace(scim, false, "Smith");
            want(ObjectClass.ACCOUNT, user, "active", false);
        });
        steps.step("enable the account", () -> {
            replace(scim, true, "Smith");
            want(ObjectClass.ACCOUNT, user, "active", true);
        });
    }

    private void updateWithPatch() {
        steps.step("update the account with PATCH", () -> {
            replace(patching, true, "Jones");
            want(ObjectClass.ACCOUNT, user, "name.familyName", "Jones");
        });
    }

    private void delta(ObjectClass type, Uid uid, AttributeDelta... deltas) {
        scim.updateDelta(type, uid, new HashSet<>(List.of(deltas)), ALL);
    }

    private void updateDelta() {
        steps.step("change one attribute", () -> {
            delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build("title", "Senior guide"));
            want(ObjectClass.ACCOUNT, user, "title", "Senior guide");
        });
        steps.step("change nested attributes", () -> {
            delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build("name.familyName", "Miller"),
                AttributeDeltaBuilder.build("emails.work.value", "third@example.com"));
            want(ObjectClass.ACCOUNT, user, "name.familyName", "Miller");
            want(ObjectClass.ACCOUNT, user, "emails.work.value", "third@example.com");
        });
        steps.step("change an enterprise attribute", () -> {
            delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build(DEPARTMENT, "Tours"));
            want(ObjectClass.ACCOUNT, user, DEPARTMENT, "Tours");
        });
        steps.step("change an enterprise attribute, named with a dot", () -> {
            dotted.updateDelta(ObjectClass.ACCOUNT, user, Set.of(AttributeDeltaBuilder.build(DOTTED_DEPARTMENT, "Guides")), ALL);
            want(ObjectClass.ACCOUNT, user, DEPARTMENT, "Guides");
            ConnectorObject read = find(dotted, ObjectClass.ACCOUNT, new EqualsFilter(user), ALL).get(0);
            Steps.expect(read.getAttributeByName(DOTTED_DEPARTMENT).getValue(), List.of("Guides"));
        });
        for (String name : List.of("active", OperationalAttributes.ENABLE_NAME)) {
            for (boolean enabled : List.of(false, true)) {
                steps.step("set " + name + " to " + enabled, () -> {
                    delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build(name, enabled));
                    want(ObjectClass.ACCOUNT, user, "active", enabled);
                });
            }
        }
    }

    private void memberships() {
        steps.step("create a group", () -> {
            group = scim.create(ObjectClass.GROUP, new HashSet<>(List.of(new Name("connid-guides"), attr("displayName", "connid-guides"))), ALL);
            want(ObjectClass.GROUP, group, "displayName", "connid-guides");
        });
        steps.step("put the account into the group", () -> {
            delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build("groups", List.of(group.getUidValue()), List.of()));
            want(ObjectClass.ACCOUNT, user, "groups", group.getUidValue());
            want(ObjectClass.GROUP, group, "members", user.getUidValue());
        });
        steps.step("take the account out of the group", () -> {
            delta(ObjectClass.ACCOUNT, user, AttributeDeltaBuilder.build("groups", List.of(), List.of(group.getUidValue())));
            want(ObjectClass.ACCOUNT, user, "groups");
            want(ObjectClass.GROUP, group, "members");
        });
    }

    private void groups() {
        steps.step("add members to the group", () -> {
            delta(ObjectClass.GROUP, group, AttributeDeltaBuilder.build("members", List.of(user.getUidValue(), others.get(0).getUidValue()), List.of()));
            want(ObjectClass.GROUP, group, "members", user.getUidValue(), others.get(0).getUidValue());
        });
        steps.step("remove a member from the group", () -> {
            delta(ObjectClass.GROUP, group, AttributeDeltaBuilder.build("members", List.of(), List.of(user.getUidValue())));
            want(ObjectClass.GROUP, group, "members", others.get(0).getUidValue());
        });
        steps.step("search the group by name", () -> Steps.expect(
            find(ObjectClass.GROUP, new EqualsFilter(attr("displayName", "connid-guides")), ALL).get(0).getUid(), group));
        steps.step("rename the group", () -> {
            scim.update(ObjectClass.GROUP, group, new HashSet<>(List.of(new Name("connid-tours"), attr("displayName", "connid-tours"))), ALL);
            want(ObjectClass.GROUP, group, "displayName", "connid-tours");
            want(ObjectClass.GROUP, group, "members", others.get(0).getUidValue());
        });
    }

    private void gone(ObjectClass type, Uid uid) {
        scim.delete(type, uid, ALL);
        try {
            Steps.expect(find(type, new EqualsFilter(uid), ALL).size(), 0);
        } catch (RuntimeException e) {
            return; // the connector raises an error for a 404
        }
    }

    private void delete() {
        steps.step("delete the group", () -> gone(ObjectClass.GROUP, group));
        steps.step("delete the accounts", () -> {
            others.add(user);
            others.forEach(u -> gone(ObjectClass.ACCOUNT, u));
        });
    }
}
