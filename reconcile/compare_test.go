package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func seq[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// directory has the accounts and groups of an application, without a handler.
type directory struct {
	*testing.T
	users  store.Store
	groups store.MemberStore
}

func newDirectory(t *testing.T, owned bool) *directory {
	users, groups := schema.UserType, schema.GroupType
	if owned {
		users, groups = schema.WithOwner(users), schema.WithOwner(groups)
	}
	db := memstore.New()
	return &directory{T: t, users: db.Store(users), groups: db.Store(groups).(store.MemberStore)}
}

func (d *directory) resource(t *schema.ResourceType, id, text string) *schema.Resource {
	o, errs := t.DecodeStored([]byte(text))
	require.Empty(d, errs)
	return &schema.Resource{Type: t, ID: id, Attributes: o}
}

func (d *directory) user(id, text string) {
	r := d.resource(d.users.(interface{ Type() *schema.ResourceType }).Type(), id, text)
	_, err := d.users.Create(context.Background(), &store.Change{ID: id, After: r})
	require.NoError(d, err)
}

func (d *directory) group(id, text string, members ...string) {
	r := d.resource(schema.GroupType, id, text)
	delta := &schema.MemberDelta{}
	for _, m := range members {
		delta.Add = append(delta.Add, schema.Member{Value: m, Type: "User"})
	}
	_, _, err := d.groups.PutMembers(context.Background(), &store.Change{ID: id, After: r, Members: delta})
	require.NoError(d, err)
}

// said returns the mismatches in one line each.
func said(c *reconcile.Comparison) []string {
	var out []string
	for i := range c.Mismatches {
		m := &c.Mismatches[i]
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %q %s: %s", m.Kind, m.Type, m.Name, m.ID, m.Note())))
	}
	return out
}

func TestCompareUsers(t *testing.T) {
	t.Parallel()
	const work, dept = `emails[type eq "work"].value`, schema.EnterpriseUserURI + ":department"
	for _, c := range []struct {
		name       string
		connection string
		accounts   map[string]string
		records    []Record
		want       []string
	}{
		{"nothing", "", nil, nil, nil},
		{
			"equal", "", map[string]string{"1": `{"userName":"ada","externalId":"x","title":"Dr"}`},
			[]Record{{UserName: "ada", ExternalID: "x", Attributes: map[string]string{"title": "Dr"}}}, nil,
		},
		{
			"externalId before userName", "", map[string]string{"1": `{"userName":"old","externalId":"x"}`},
			[]Record{{UserName: "new", ExternalID: "x"}}, []string{`drift User "new" 1: userName: old → new; by externalId`},
		},
		{
			"userName links an account", "", map[string]string{"1": `{"userName":"ADA"}`},
			[]Record{{UserName: "ada", ExternalID: "x"}}, []string{`drift User "ada" 1: userName: ADA → ada; externalId: - → x; by userName`},
		},
		{
			"userName of another user", "", map[string]string{"1": `{"userName":"ada","externalId":"y"}`},
			[]Record{{UserName: "ada", ExternalID: "x"}}, []string{`contradict User "ada" 1: the account with the userName has another externalId`},
		},
		{
			"the keys lead to two accounts", "", map[string]string{"1": `{"userName":"ada"}`, "2": `{"userName":"bob","externalId":"x"}`},
			[]Record{{UserName: "ada", ExternalID: "x", Position: "line 2"}}, []string{`contradict User "ada" 2: several accounts have the userName or externalId; line 2`},
		},
		{
			"two records for one account", "", map[string]string{"1": `{"userName":"ada","externalId":"x"}`},
			[]Record{{UserName: "ada"}, {UserName: "ada2", ExternalID: "x"}}, []string{`duplicate User "ada2" 1: another record belongs to the account`},
		},
		{
			"records twice", "", nil,
			[]Record{{UserName: "ada", ExternalID: "x"}, {UserName: "ADA"}, {UserName: "b", ExternalID: "x"}, {}},
			[]string{
				`duplicate User "ADA" : another record has the same userName`, `duplicate User "b" : another record has the same externalId`,
				`contradict User "" : the record has no userName`, `missing User "ada" :`,
			},
		},
		{
			"accounts with one externalId", "", map[string]string{"1": `{"userName":"a","externalId":"x"}`, "2": `{"userName":"b","externalId":"x"}`},
			[]Record{{UserName: "c", ExternalID: "x"}},
			[]string{`duplicate User "a" 1: several accounts have the externalId`, `duplicate User "b" 2: several accounts have the externalId`, `duplicate User "c" : several accounts have the externalId`},
		},
		{
			"status", "", map[string]string{"1": `{"userName":"a"}`, "2": `{"userName":"b","active":false}`, "3": `{"userName":"c","active":false}`},
			[]Record{{UserName: "a", Inactive: true}, {UserName: "b"}, {UserName: "c", NoStatus: true}},
			[]string{`status User "a" 1: active: true → false; by userName`, `status User "b" 2: active: false → true; by userName`},
		},
		{
			"attributes", "", map[string]string{"1": `{"userName":"a","title":"Dr","emails":[{"type":"home","value":"h@x"},{"type":"work","value":"w@x"}],"` + schema.EnterpriseUserURI + `":{"department":"D"}}`},
			[]Record{{UserName: "a", Attributes: map[string]string{"title": "", work: "w2@x", dept: "E", "name.givenName": "Ada"}}},
			[]string{`drift User "a" 1: name.givenName: - → Ada; title: Dr → -; ` + work + `: w@x → w2@x; ` + dept + `: D → E; by userName`},
		},
		{
			"a SCIM user has all attributes", "", map[string]string{"1": `{"userName":"a","title":"Dr"}`},
			[]Record{{UserName: "a", Resource: []byte(`{"userName":"a","name":{"familyName":"L"},"photos":7}`)}},
			[]string{`drift User "a" 1: name.familyName: - → L; title: Dr → -; by userName`},
		},
		{
			"orphans and people nobody manages", "", map[string]string{"1": `{"userName":"a","externalId":"x"}`, "2": `{"userName":"b"}`, "3": `{"userName":"c","externalId":"z","active":false}`},
			nil, []string{`orphaned User "a" 1:`, `orphaned User "c" 3: inactive`, `unmanaged User "b" 2:`},
		},
		{
			"other connections", "okta", map[string]string{
				"1": `{"userName":"a","externalId":"x","$owner":"okta"}`, "2": `{"userName":"b","externalId":"x","$owner":"entra"}`, "3": `{"userName":"c","externalId":"z"}`,
				"4": `{"userName":"d","$owner":"okta"}`, "5": `{"userName":"e","$owner":"entra"}`,
			},
			[]Record{{UserName: "a", ExternalID: "x"}, {UserName: "e"}, {UserName: "c"}},
			[]string{`contradict User "c" 3: the account belongs to no connection: hand it over`, `contradict User "e" 5: the account belongs to another connection`, `orphaned User "d" 4:`},
		},
		{
			"an e-mail address never matches", "", map[string]string{"1": `{"userName":"ada","emails":[{"value":"a@x"}]}`, "2": `{"userName":"b@x"}`},
			[]Record{{UserName: "u1", Email: "A@x", Inactive: true}, {UserName: "u2", Attributes: map[string]string{work: "B@x"}}},
			[]string{`missing User "u1" : inactive; account 1 has the e-mail address`, `missing User "u2" : account 2 has the e-mail address`, `unmanaged User "ada" 1:`, `unmanaged User "b@x" 2:`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, c.connection != "")
			for id, text := range c.accounts {
				d.user(id, text)
			}
			got, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: seq(c.records...)}, reconcile.Application{Users: d.users}, reconcile.CompareOptions{Connection: c.connection})
			require.NoError(t, err)
			require.Equal(t, c.want, said(got))
			require.Equal(t, len(c.records), got.Records)
			require.Equal(t, len(c.accounts), got.Accounts)
		})
	}
}

func TestCompareGroups(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, false)
	for i, name := range []string{"ada", "bob", "carl", "dora"} {
		d.user(fmt.Sprint("u", i), fmt.Sprintf(`{"userName":%q,"externalId":"e%d"}`, name, i))
	}
	d.user("local", `{"userName":"local"}`)
	d.group("g1", `{"displayName":"Staff","externalId":"G1"}`, "u0", "u1", "local", "u3", "gone")
	d.group("g2", `{"displayName":"Equal"}`, "u0", "u1", "u2")
	d.group("g3", `{"displayName":"Twin"}`)
	d.group("g4", `{"displayName":"Twin"}`)
	d.group("g5", `{"displayName":"Local"}`)
	d.group("g6", `{"displayName":"Old","externalId":"G6"}`)
	d.group("g7", `{"displayName":"Same","externalId":"G7"}`)

	users := seq(Record{ID: "p0", UserName: "ada", ExternalID: "e0"}, Record{ID: "p1", UserName: "bob"}, Record{UserName: "carl"}, Record{ID: "p9", UserName: "new"})
	groups := seq(
		reconcile.GroupRecord{DisplayName: "Personnel", ExternalID: "G1", Members: []string{"p0", "carl", "p9", "nobody", "carl"}},
		reconcile.GroupRecord{DisplayName: "equal", ExternalID: "G2", Members: []string{"e0", "p1", "CARL"}},
		reconcile.GroupRecord{DisplayName: "Twin"},
		reconcile.GroupRecord{DisplayName: "New", Members: []string{"p1"}, Position: "line 7"},
		reconcile.GroupRecord{DisplayName: "Same", ExternalID: "other"},
		reconcile.GroupRecord{ExternalID: "nameless"},
		reconcile.GroupRecord{DisplayName: "Again", ExternalID: "G1"},
	)
	got, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: users, Groups: groups}, reconcile.Application{Users: d.users, Groups: d.groups}, reconcile.CompareOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{
		`duplicate Group "Again" : another record has the same externalId`,
		`duplicate Group "Twin" : several groups have the displayName`,
		`contradict Group "" : the record has no displayName`,
		`drift Group "Personnel" g1: displayName: Staff → Personnel; by externalId`,
		`drift Group "equal" g2: displayName: Equal → equal; externalId: - → G2; by displayName`,
		`membership Group "Personnel" g1: 1 to join: carl; 1 to leave: bob; 2 members without an account; by externalId`,
		`missing Group "New" : 1 to join: bob`,
		`missing Group "Same" :`,
		`missing User "new" :`,
		`orphaned Group "Old" g6:`, `orphaned Group "Same" g7:`, `orphaned User "dora" u3:`,
		`unmanaged Group "Local" g5:`, `unmanaged Group "Twin" g3:`, `unmanaged Group "Twin" g4:`, `unmanaged User "local" local:`,
	}, said(got))
	require.Equal(t, []int{7, 7, 2}, []int{got.GroupRecords, got.Groups, got.MatchedGroups})
}

// Resources of a type without an owner are the provider's by their externalId, also
// where the connection is named.
func TestCompareWithoutOwners(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, false)
	d.user("1", `{"userName":"ada"}`)
	d.user("2", `{"userName":"bob","externalId":"x"}`)
	d.user("3", `{"userName":"local"}`)
	d.group("g", `{"displayName":"G"}`)
	got, err := reconcile.Compare(t.Context(), reconcile.Provider{
		Users: seq(Record{UserName: "ada", ExternalID: "y"}), Groups: seq(reconcile.GroupRecord{DisplayName: "G", Members: []string{"ada"}}),
	}, reconcile.Application{Users: d.users, Groups: d.groups}, reconcile.CompareOptions{Connection: "okta"})
	require.NoError(t, err)
	require.Equal(t, []string{
		`drift User "ada" 1: externalId: - → y; by userName`, `membership Group "G" g: 1 to join: ada; by displayName`, `orphaned User "bob" 2:`, `unmanaged User "local" 3:`,
	}, said(got))
}

func TestCompareRefusesAttributes(t *testing.T) {
	t.Parallel()
	for attribute, want := range map[string]string{
		"emails.value": "has several values", "emails": "name one of them", "name": "name one of them", "unknown": "no such attribute",
		"userName": "cannot be compared", "id": "cannot be compared", "groups.value": "cannot be compared", "password": "cannot be compared", "$owner": "cannot be compared",
		`emails[type eq "work"]`: "name one of them", `emails[type co "w"].value`: "comparison by eq", `emails[wrong eq "w"].value`: "comparison by eq",
		`emails[type eq "w"`: "no such attribute", `title[type eq "w"].value`: "no such attribute", `name[type eq "w"].givenName`: "multi-valued",
	} {
		_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: seq[Record]()}, reconcile.Application{Users: newDirectory(t, true).users}, reconcile.CompareOptions{Attributes: []string{attribute}})
		require.ErrorContains(t, err, want, attribute)
	}
	got, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: seq(Record{UserName: "a", Attributes: map[string]string{"title": "Dr"}})}, reconcile.Application{Users: newDirectory(t, false).users}, reconcile.CompareOptions{Attributes: []string{}})
	require.NoError(t, err)
	require.Empty(t, got.Mismatches[0].Changes, "no attributes at all")
}

func TestErrorsEndCompare(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	d := newDirectory(t, false)
	d.user("1", `{"userName":"a"}`)
	d.group("g", `{"displayName":"G"}`)
	app := reconcile.Application{Users: d.users, Groups: d.groups}
	broken := lister(func(context.Context, *store.Query) (store.Page, error) { return store.Page{}, failed })
	users := seq(Record{UserName: "a"})
	for name, run := range map[string]func() error{
		"accounts": func() error {
			_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: users}, reconcile.Application{Users: broken}, reconcile.CompareOptions{})
			return err
		},
		"records": func() error {
			_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: func(yield func(Record, error) bool) { yield(Record{}, failed) }}, app, reconcile.CompareOptions{})
			return err
		},
		"groups": func() error {
			_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: users, Groups: seq[reconcile.GroupRecord]()}, reconcile.Application{Users: d.users, Groups: groupLister{broken, failed}}, reconcile.CompareOptions{})
			return err
		},
		"group records": func() error {
			_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: users, Groups: func(yield func(reconcile.GroupRecord, error) bool) { yield(reconcile.GroupRecord{}, failed) }}, app, reconcile.CompareOptions{})
			return err
		},
		"members": func() error {
			_, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: users, Groups: seq(reconcile.GroupRecord{DisplayName: "G"})}, reconcile.Application{Users: d.users, Groups: groupLister{d.groups, failed}}, reconcile.CompareOptions{})
			return err
		},
	} {
		require.ErrorIs(t, run(), failed, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := reconcile.Compare(ctx, reconcile.Provider{Users: users}, app, reconcile.CompareOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

type groupLister struct {
	reconcile.Lister
	err error
}

func (g groupLister) Members(context.Context, string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) { yield(schema.Member{}, g.err) }
}

func TestComparisonReports(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, false)
	d.user("1", `{"userName":"ada","title":"Dr"}`)
	d.group("g", `{"displayName":"G"}`)
	c, err := reconcile.Compare(t.Context(), reconcile.Provider{
		Users:  seq(Record{UserName: "ada", Attributes: map[string]string{"title": "\x1b[2J"}}, Record{UserName: "new\u202e"}),
		Groups: seq(reconcile.GroupRecord{DisplayName: "G", Members: []string{"ada"}}),
	}, reconcile.Application{Users: d.users, Groups: d.groups}, reconcile.CompareOptions{})
	require.NoError(t, err)
	var text, doc bytes.Buffer
	require.NoError(t, c.WriteText(&text))
	var rows []string
	for line := range strings.Lines(text.String()) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	require.Equal(t, []string{
		"2 users of the provider, 1 accounts, 1 matched, 0 of other connections",
		"1 groups of the provider, 1 of the application, 1 matched, 0 of other connections",
		"0 duplicate", "0 contradict", "0 status", "1 drift", "1 membership", "1 missing", "0 orphaned", "0 unmanaged", "",
		"MISMATCH TYPE NAME EXTERNALID ID NOTE",
		`drift User ada - 1 title: Dr → "\x1b[2J"; by userName`,
		"membership Group G - g 1 to join: ada; by displayName",
		`missing User "new\u202e" - -`,
	}, rows)
	require.NoError(t, c.WriteJSON(&doc))
	var got struct {
		Records, Accounts, Matched, GroupRecords int
		Counts                                   map[reconcile.Kind]int
		Mismatches                               []reconcile.Mismatch
	}
	require.NoError(t, json.Unmarshal(doc.Bytes(), &got))
	require.Equal(t, c.Mismatches, got.Mismatches)
	require.Equal(t, []int{2, 1, 1, 1}, []int{got.Records, got.Accounts, got.Matched, got.GroupRecords})
	require.Len(t, got.Counts, len(reconcile.MismatchKinds()))
	failed := errors.New("the disk is full")
	require.ErrorIs(t, c.WriteText(writer{failed}), failed)
	require.ErrorIs(t, c.WriteJSON(writer{failed}), failed)
}

// 100,000 users on each side and their groups take less than 256 MiB, all of them
// with a mismatch.
func TestCompareMemory(t *testing.T) {
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("100,000 accounts: left out with -short")
	}
	const n, page, half = 100_000, 1000, 50_000
	user := func(i int, title string) []byte {
		return fmt.Appendf(nil, `{"id":"00000000-0000-4000-9000-%012d","userName":"user.with.a.long.name.%d@subsidiary.example.com","externalId":"00000000-0000-0000-0000-%012d","active":true,`+
			`"displayName":"Firstname Lastname %d","name":{"givenName":"Firstname","familyName":"Lastname %d"},"title":"%s","emails":[{"type":"work","primary":true,"value":"user.with.a.long.name.%d@subsidiary.example.com"}],`+
			`"%s":{"employeeNumber":"%d","department":"Research and Development"}}`, i, i, i, i, i, title, i, schema.EnterpriseUserURI, i)
	}
	accounts := lister(func(_ context.Context, q *store.Query) (store.Page, error) {
		first, _ := strconv.Atoi(q.After)
		var p store.Page
		for i := first; i < first+page; i++ {
			o, _ := schema.UserType.DecodeStored(user(i, "Engineer"))
			p.Resources = append(p.Resources, &schema.Resource{Type: schema.UserType, ID: fmt.Sprintf("10000000-0000-4000-8000-%012d", i), Version: strconv.Itoa(i), Attributes: o})
		}
		if first+page < n {
			p.Next = strconv.Itoa(first + page)
		}
		return p, nil
	})
	peak := uint64(0)
	provider := func(yield func([]byte, error) bool) {
		for i := half; i < n+half; i++ {
			if i%20_000 == 0 {
				peak = max(peak, inUse())
			}
			if !yield(user(i, "Principal Engineer"), nil) {
				return
			}
		}
		peak = max(peak, inUse())
	}
	c, err := reconcile.Compare(t.Context(), reconcile.Provider{Users: reconcile.Users(provider), Groups: seq[reconcile.GroupRecord]()},
		reconcile.Application{Users: accounts, Groups: newDirectory(t, false).groups}, reconcile.CompareOptions{})
	require.NoError(t, err)
	require.NoError(t, c.WriteJSON(io.Discard))
	require.NoError(t, c.WriteText(io.Discard))
	peak = max(peak, inUse())
	t.Logf("Compare: %d MiB", peak>>20)
	require.Less(t, peak, uint64(256<<20))
	for kind, want := range map[reconcile.Kind]int{reconcile.Drift: half, reconcile.Missing: half, reconcile.Orphaned: half} {
		require.Equal(t, want, c.Count(kind), kind)
	}
	plan := c.Plan(reconcile.Repair{Create: true, Attributes: true})
	t.Logf("with the plan: %d MiB", inUse()>>20)
	require.Len(t, plan.Steps, n)
	require.True(t, slices.IsSortedFunc(plan.Steps, func(a, b reconcile.Step) int {
		return slices.Index(reconcile.MismatchKinds(), a.Kinds[0]) - slices.Index(reconcile.MismatchKinds(), b.Kinds[0])
	}))
	require.NotZero(t, c.Records)
}
