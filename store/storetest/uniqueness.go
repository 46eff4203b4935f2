package storetest

import (
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// alike are pairs of spellings of one userName under schema.FoldKey (S-8,
// F-36).
var alike = []struct{ name, taken, tried string }{
	{"equal", "bjensen", "bjensen"},
	{"other case", "bjensen", "BJensen"},
	{"other case beyond ASCII", "élodie", "ÉLODIE"},
	{"full-width", "bjensen", "ｂｊｅｎｓｅｎ"},
	{"decomposed", "ren\u00e9", "rene\u0301"},
	{"sharp s", "straße", "STRASSE"},
	{"ligature", "\ufb01nn", "finn"},
	{"final sigma", "ΟΔΥΣΣΕΥΣ", "οδυσσευς"},
	{"Cyrillic", "ИВАН", "иван"},
	{"soft hyphen", "admin", "ad\u00admin"},
	{"zero-width characters", "admin", "\ufeffad\u200bmi\u200dn"},
	{"invisible both", "ad\u2060min", "\u200badmin"},
}

// distinct are pairs of different userNames that some databases consider equal.
var distinct = []struct{ name, taken, tried string }{
	{"accent", "jensen", "jensén"},
	{"trailing space", "jensen", "jensen "},
	{"leading space", "jensen", " jensen"},
	{"wildcard of one", "a_b", "axb"},
	{"wildcard of many", "a%", "abc"},
	{"prefix", "jensen", "jens"},
	{"umlaut", "müller", "mueller"},
	{"dotless i", "ali", "al\u0131"},
	{"zero byte", "a", "a\x00"},
	{"nothing visible", "a", "\u200b"},
	{"number", "1", "01"},
	{"emoji", "😀", "😁"},
}

var uniqueness = append(spellings(), []test{
	{
		name:     "uniqueness/a failed create stores nothing",
		contract: "A value taken is a *UniquenessError, and nothing is stored.",
		run: func(k *kit) {
			a := k.newUser("a")
			r := k.user("A")
			k.taken(k.createErr(k.Users, r), "userName")
			if r.ID != a.ID {
				k.gone(k.Users, r.ID)
			}
			k.Equal(1, k.total(k.Users), "total")
			k.same(a, k.get(k.Users, a.ID), "the owner")
		},
	},
	{
		name:     "uniqueness/a failed update changes nothing",
		contract: "Update: *UniquenessError as Create. On error nothing changed.",
		run: func(k *kit) {
			a, b := k.newUser("a"), k.newUser("b")
			_, err := k.Users.Update(k.ctx, k.rename(b, "A"))
			k.taken(err, "userName")
			k.same(b, k.get(k.Users, b.ID), "the resource")
			k.same(a, k.get(k.Users, a.ID), "the owner")
			k.taken(k.createErr(k.Users, k.user("b")), "userName")
		},
	},
	{
		name:     "uniqueness/one's own value is not taken",
		contract: "A value taken by another resource is a *UniquenessError; a store returns the spelling that the client sent.",
		run: func(k *kit) {
			a := k.newUser("bjensen")
			for _, name := range []string{"bjensen", "BJensen", "ＢＪＥＮＳＥＮ"} {
				c := k.rename(a, name)
				updated, err := k.Users.Update(k.ctx, c)
				k.NoError(err, "Update to %s", name)
				k.Equal(k.attributes(c.After), k.attributes(updated), "attributes")
				a = updated
			}
		},
	},
	{
		name:     "uniqueness/deletion frees",
		contract: "Delete removes the resource; its unique values are free at once.",
		run: func(k *kit) {
			a := k.newUser("bjensen")
			k.delete(k.Users, a)
			k.newUser("BJensen")
		},
	},
	{
		name:     "uniqueness/a new name frees the old one",
		contract: "A value taken by another resource, live in the same tenant, is a *UniquenessError.",
		run: func(k *kit) {
			a := k.newUser("a")
			_, err := k.Users.Update(k.ctx, k.rename(a, "b"))
			k.NoError(err, "Update")
			k.newUser("a")
			k.taken(k.createErr(k.Users, k.user("b")), "userName")
		},
	},
	{
		name:     "uniqueness/other attributes may repeat",
		contract: "Only attributes with uniqueness are unique; externalId is not (Z-4).", // M-19
		run: func(k *kit) {
			for _, name := range []string{"a", "b"} {
				k.create(k.Users, k.resource(schema.UserType, attrs{
					"userName": name, "externalId": "701984", "displayName": "Babs",
					"emails": []any{attrs{"value": "b@example.com", "primary": true}},
				}))
			}
			k.Equal(2, k.total(k.Users), "total")
		},
	},
	{
		name:     "uniqueness/groups may share a name",
		contract: "Only attributes with uniqueness are unique; displayName of a group has none (RFC 7643 §8.7.1).",
		needs:    needGroups,
		run: func(k *kit) {
			k.newGroup("Tour Guides")
			k.newGroup("Tour Guides")
			k.Equal(2, k.total(k.Groups), "total")
		},
	},
	{
		name:     "uniqueness/numbers and case-exact values",
		contract: "Uniqueness is compared by schema.FoldKey where the attribute folds case; otherwise as eq compares.",
		needs:    needThings,
		run: func(k *kit) {
			code := ThingType.Extensions[0].Schema.ID + ":code"
			thing := func(serial, text string) error {
				return k.createErr(k.Things, k.resource(ThingType, attrs{"serial": serial, code: text}))
			}
			k.NoError(thing("9007199254740992", "a"))
			k.NoError(thing("9007199254740993", "A"), "a neighbouring number, another case")
			k.taken(thing("9007199254740993", "b"), "serial")
			k.taken(thing("7", "A"), code)
			k.NoError(k.createErr(k.Things, k.resource(ThingType, attrs{"label": "none of either"})))
			k.NoError(k.createErr(k.Things, k.resource(ThingType, attrs{"label": "none of either"})))
		},
	},
}...)

// spellings makes a case of each pair.
func spellings() []test {
	var out []test
	for _, p := range alike {
		out = append(out, test{
			name:     "uniqueness/taken in another spelling/" + p.name,
			contract: "Values of an attribute that folds case are the same if their schema.FoldKey is; a store never refuses fewer.",
			run: func(k *kit) {
				k.newUser(p.taken)
				k.taken(k.createErr(k.Users, k.user(p.tried)), "userName")
				other := k.newUser("other")
				_, err := k.Users.Update(k.ctx, k.rename(other, p.tried))
				k.taken(err, "userName")
			},
		})
	}
	for _, p := range distinct {
		out = append(out, test{
			name:     "uniqueness/free beside a similar one/" + p.name,
			contract: "Values of an attribute that folds case are the same if their schema.FoldKey is. A store may refuse more (Fixture.CoarseUniqueness).",
			run: func(k *kit) {
				k.newUser(p.taken)
				r, err := k.Users.Create(k.ctx, Creation(k.user(p.tried)))
				if err != nil && k.CoarseUniqueness {
					k.taken(err, "userName")
					k.totals(1, k.total(k.Users), "total after a Create that was refused")
					return
				}
				k.NoError(err, "Create of %q beside %q", p.tried, p.taken)
				k.same(r, k.get(k.Users, r.ID), "Get")
			},
		})
	}
	return out
}

func (k *kit) createErr(s store.Store, r *schema.Resource) error {
	_, err := s.Create(k.ctx, Creation(r))
	return err
}

// taken proves that an error is a UniquenessError about a path.
func (k *kit) taken(err error, path string) {
	var u *store.UniquenessError
	k.True(errors.As(err, &u), "want a *store.UniquenessError, got %s", fmt.Sprint(err))
	k.Equal(path, u.Path, "UniquenessError.Path")
}
