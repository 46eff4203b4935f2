package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var roundTrips = []test{
	{
		name:     "round trips/a full user",
		contract: "A store returns what it was given, in the spelling the client sent.",
		run:      func(k *kit) { k.roundTrip(k.Users, schema.UserType, fullUser) },
	},
	{
		name:     "round trips/things of every type",
		contract: "Dates and numbers keep the client's text.", // T-1, T-3
		needs:    needThings,
		run: func(k *kit) {
			for _, a := range everyThing {
				k.roundTrip(k.Things, ThingType, a)
			}
		},
	},
	{
		name:     "round trips/any text",
		contract: "A store returns the spelling that the client sent.", // T-1
		run: func(k *kit) {
			for i, text := range anyText {
				k.roundTrip(k.Users, schema.UserType, attrs{
					"userName": fmt.Sprint(i, text), "externalId": text, "title": text, "name.familyName": text,
					"emails":                                    []any{attrs{"value": text, "type": text}},
					schema.EnterpriseUserURI + ":department":    text,
					schema.EnterpriseUserURI + ":manager.value": text,
				})
			}
		},
	},
	{
		name:     "round trips/any text is found again",
		contract: "A filter that is declared is answered exactly as filter.Filter.Match would.",
		run: func(k *kit) {
			created := map[string]string{}
			for i, text := range anyText {
				name := fmt.Sprint(i, text)
				created[name] = k.newUser(name).ID
			}
			for name, id := range created {
				f := k.equals(k.Users, "userName", name)
				k.Equal([]string{id}, ids(k.list(k.Users, store.Query{Filter: f, Count: 9}).Resources), "%s", f)
			}
		},
	},
	{
		name:     "round trips/a group name",
		contract: "A store returns the spelling that the client sent.",
		needs:    needGroups,
		run: func(k *kit) {
			for _, text := range anyText {
				if text == "" {
					continue
				}
				g := k.newGroup(text)
				k.Equal(text, k.get(k.Groups, g.ID).Get(displayName).Text(), "displayName")
			}
		},
	},
	{
		name:     "round trips/times",
		contract: "Times are kept in microseconds.", // M-24
		run: func(k *kit) {
			for _, at := range []time.Time{
				time.Date(2024, 2, 29, 23, 59, 59, 999_999e3, time.UTC),
				time.Date(2024, 3, 31, 2, 30, 0, 1e6, time.FixedZone("", -7*3600)),
				time.Date(1970, 1, 1, 0, 0, 1, 0, time.UTC),
			} {
				r := k.user(at.String())
				r.Created, r.LastModified = at, at
				stored := k.create(k.Users, r)
				k.True(stored.Created.Equal(stored.LastModified), "created %s is lastModified %s", stored.Created, stored.LastModified)
				k.True(at.Equal(stored.Created), "created: want %s, got %s", at, stored.Created)
				k.same(stored, k.get(k.Users, stored.ID), "Get")
			}
		},
	},
	{
		name:     "round trips/a microsecond later",
		contract: "Times are kept in microseconds, or LastModified would not move with every change.",
		run: func(k *kit) {
			r := k.newUser("a")
			for i := range 3 {
				c := k.rename(r, fmt.Sprint("a", i))
				c.At = r.LastModified.Add(time.Microsecond)
				c.After.LastModified = c.At
				updated, err := k.Users.Update(k.ctx, c)
				k.NoError(err, "Update")
				k.modified(r, updated, c.At)
				k.modified(r, k.get(k.Users, r.ID), c.At)
				r = updated
			}
		},
	},
	{
		name:     "round trips/a group a microsecond later",
		contract: "Times are kept in microseconds, or LastModified would not move with every change.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(3)
			g := k.newGroup("g")
			for _, id := range us {
				c := k.touch(g)
				c.Members = &schema.MemberDelta{Add: users(id)}
				c.At = g.LastModified.Add(time.Microsecond)
				c.After.LastModified = c.At
				now, _, err := k.Groups.PutMembers(k.ctx, c)
				k.NoError(err, "PutMembers")
				k.modified(g, now, c.At)
				k.modified(g, k.get(k.Groups, g.ID), c.At)
				g = now
			}
		},
	},
	{
		name:     "round trips/taking away",
		contract: "Update stores c.After in place of c.Before.",
		run: func(k *kit) {
			r := k.create(k.Users, k.resource(schema.UserType, fullUser))
			c := k.change(r, attrs{"userName": "bare"})
			bare, err := k.Users.Update(k.ctx, c)
			k.NoError(err, "Update")
			k.Equal(k.attributes(c.After), k.attributes(bare), "result of Update")
			k.same(bare, k.get(k.Users, r.ID), "Get")
			full, err := k.Users.Update(k.ctx, k.change(bare, fullUser))
			k.NoError(err, "Update")
			k.Equal(k.attributes(r), k.attributes(full), "result of the second Update")
			k.same(full, k.get(k.Users, r.ID), "Get")
		},
	},
}

var displayName = schema.GroupType.MustResolve("displayName")[0]

// modified proves that LastModified is the time of the change.
func (k *kit) modified(before, now *schema.Resource, at time.Time) {
	was, is := before.LastModified.Format(time.RFC3339Nano), now.LastModified.Format(time.RFC3339Nano)
	k.True(now.LastModified.After(before.LastModified), "lastModified did not move: it was %s, the change was at %s, and it is %s", was, at.Format(time.RFC3339Nano), is)
	k.True(at.Equal(now.LastModified), "lastModified: want %s, got %s", at.Format(time.RFC3339Nano), is)
}

// roundTrip stores attributes and proves that every read returns them.
func (k *kit) roundTrip(s store.Store, t *schema.ResourceType, a attrs) {
	r := k.resource(t, a)
	want := k.attributes(r)
	stored := k.create(s, r)
	k.Equal(want, k.attributes(stored), "result of Create")
	k.Equal(want, k.attributes(k.get(s, stored.ID)), "result of Get")
	c := k.touch(stored)
	updated, err := s.Update(k.ctx, c)
	k.NoError(err, "Update")
	k.Equal(want, k.attributes(updated), "result of Update")
	for _, listed := range k.list(s, store.Query{Count: 1000}).Resources {
		if listed.ID == stored.ID {
			k.same(updated, listed, "result of List")
			return
		}
	}
	k.Fail("List does not have the resource")
}

var fullUser = attrs{
	"userName": "bjensen@example.com", "externalId": "701984", "active": true, "displayName": "Babs Jensen",
	"nickName": "Babs", "profileUrl": "https://login.example.com/bjensen", "title": "Tour Guide", "userType": "Employee",
	"preferredLanguage": "en-US", "locale": "en-US", "timezone": "America/Los_Angeles",
	"name": attrs{"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara", "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III"},
	"emails": []any{
		attrs{"value": "babs@jensen.org", "type": "home"},
		attrs{"value": "bjensen@example.com", "type": "work", "primary": true, "display": "Work"},
		attrs{"value": "babs@jensen.org", "type": "home"}, // twice, as clients do
		attrs{"primary": false, "type": "other"},
	},
	"addresses": []any{
		attrs{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "region": "CA", "postalCode": "91608", "country": "US", "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA", "primary": true},
	},
	"phoneNumbers":     []any{attrs{"value": "555-555-5555", "type": "work"}, attrs{"value": "tel:+1-555;ext=4", "type": "mobile"}},
	"ims":              []any{attrs{"value": "someaimhandle", "type": "aim"}},
	"photos":           []any{attrs{"value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo"}},
	"roles":            []any{attrs{"value": "admin"}, attrs{"value": "user"}},
	"entitlements":     []any{attrs{"value": "e"}},
	"x509Certificates": []any{attrs{"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx"}},
	schema.EnterpriseUserURI: attrs{
		"employeeNumber": "701984", "costCenter": "4130", "organization": "Universal Studios", "division": "Theme Park", "department": "Tour Operations",
	},
	schema.EnterpriseUserURI + ":manager": attrs{"value": "26118915-6090-4610-87e4-49d8ca9f808d"},
}

var everyThing = []attrs{
	{"amount": "9223372036854775807", "ratio": "1.50", "at": "2011-05-13T06:42:34.120+02:00", "blob": "AQID", "link": "../Users/a%20b", "on": false},
	{"amount": "-9223372036854775808", "ratio": "1E-3", "at": "0001-01-01T00:00:00Z", "blob": "AQ==", "link": "urn:x:Y", "on": true},
	{"amount": "9007199254740993", "ratio": "123456789012345678901234567890.5", "at": "9999-12-31T23:59:59.999999999Z"},
	{"amount": "0", "ratio": "0.1", "at": "2011-05-13T04:42:34"},
	{"tags": []any{"b", "a", "b", ""}, "amounts": []any{"3", "1", "3"}},
	{"serial": "-1", "label": "Label", "note": "Note", "urn:example:storetest:2.0:More:note": "note of its own"},
	{"parts": []any{
		attrs{"value": "a", "size": "1", "weight": "1.0", "since": "2024-01-01T00:00:00.000Z", "primary": true},
		attrs{"size": "-0"},
	}},
	{"urn:example:storetest:2.0:More:place.floor": "-3", "urn:example:storetest:2.0:More:code": "c"},
}

// anyText are strings that JSON can contain.
var anyText = []string{
	"", " ", " leading and trailing ", "a\x00b", "\x00", "\x01\x1f\x7f", "tab\tnew\nline\r\n", `quote " backslash \ slash /`,
	"ren\u00e9", "rene\u0301", "ﬁ", "ＷＩＤＥ", "straße", "İı", "日本語", "😀👩‍👩‍👧", "\u202eright to left", "\u2028\u2029", "\ufeffmark", "\ufffd", "\U0010ffff",
	"<script>&amp;", "'; DROP TABLE users; --", "%_", "$1 ? :name @p1", "null", "true", "0", "{}", "[]", "\\u0000", strings.Repeat("long ", 2000),
}

// membersEqual returns the filter that a group has a member.
func (k *kit) membersEqual(id string) *filter.Filter {
	e := filter.Compare{Path: schema.GroupType.MustResolve("members.value"), Op: filter.EQ, Value: schema.String(id)}
	if !can(store.Describe(k.Groups).Filter, filter.Expr(e)) {
		panic(skip("no filter by members.value"))
	}
	return filter.New(e)
}
