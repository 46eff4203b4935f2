package storetest

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// The values from which varied resources are drawn. nil leaves an attribute
// out.
var (
	words = []any{
		nil, "", "Guide", "guide", "GUIDE", "Tour Guide", "ｇｕｉｄｅ", "ren\u00e9", "rene\u0301", "René",
		"straße", "STRASSE", "100%", "100_", "1000", "a_b", "axb", `back\slash`, `quote"`, "O'Malley",
		"日本", "😀", "Z", "a ", "a", "ß", "\u0131", "İ", "I", "i", "*", "?", "[a-z]",
		"Gu\u00adide", "\u200b", "guide\u2060",
	}
	hosts     = []any{"example.com", "EXAMPLE.org", "ex-ample.com", "münchen.example"}
	kinds     = []any{"work", "Work", "home", "other", nil}
	truth     = []any{true, false, nil}
	languages = []any{"en", "en-US", "de", nil}
	links     = []any{"https://example.com/A", "https://example.com/a", "../Users/1", "urn:x:y", nil}
	blobs     = []any{"AQID", "aqid", "////", "AQ==", nil}
	integers  = []any{"0", "-1", "9", "10", "9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808", nil}
	decimals  = []any{"0", "-0.5", "1.5", "1.50", "10", "9.75", "1e3", "1E-3", "123456789.125", nil}
	moments   = []any{
		"2011-05-13T04:42:34Z", "2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34.5Z", "2011-05-13T04:42:34.123456789Z",
		"1969-12-31T23:59:59Z", "2011-05-12T23:42:35-05:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", nil,
	}
)

func (k *kit) pick(from []any) any { return from[k.rand.IntN(len(from))] }

// some makes a list of up to n values, or none.
func (k *kit) some(n int, one func() any) any {
	var out []any
	for range k.rand.IntN(n + 1) {
		if v := one(); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// drop removes attributes that are nil.
func (a attrs) drop() attrs {
	for name, v := range a {
		if list, ok := v.([]any); v == nil || ok && len(list) == 0 {
			delete(a, name)
		}
	}
	return a
}

const varied = 48 // how many resources fill makes

// fillUsers stores varied users and returns them as stored.
func (k *kit) fillUsers() []*schema.Resource {
	out := make([]*schema.Resource, varied)
	ent := schema.EnterpriseUserURI
	for i := range out {
		primary := k.rand.IntN(4) // which of the e-mail addresses, if there are so many
		n := -1
		a := attrs{
			"userName": fmt.Sprintf("%v%d", k.pick(words[1:]), i), "externalId": k.pick(words), "displayName": k.pick(words),
			"name.givenName": k.pick(words), "name.familyName": k.pick(words), "nickName": k.pick(words),
			"title": k.pick(words), "userType": k.pick(words), "active": k.pick(truth),
			"preferredLanguage": k.pick(languages), "profileUrl": k.pick(links),
			"emails": k.some(3, func() any {
				n++
				e := attrs{"value": fmt.Sprintf("%c@%v", 'a'+rune(k.rand.IntN(5)), k.pick(hosts)), "type": k.pick(kinds), "display": k.pick(words)}
				if k.rand.IntN(8) == 0 {
					e = attrs{"value": ""} // nothing that pr would find
				}
				if n == primary {
					e["primary"] = true
				} else if k.rand.IntN(3) == 0 {
					e["primary"] = false
				}
				return e.drop()
			}),
			"phoneNumbers": k.some(2, func() any {
				return attrs{"value": fmt.Sprintf("tel:+1-%d", k.rand.IntN(9)), "type": k.pick(kinds)}.drop()
			}),
			"x509Certificates":  k.some(2, func() any { return attrs{"value": k.pick(blobs[:4])} }),
			"roles":             k.some(2, func() any { return attrs{"value": k.pick(words[1:]), "type": k.pick(kinds)}.drop() }),
			ent + ":department": k.pick(words), ent + ":employeeNumber": k.pick(words), ent + ":manager.value": k.pick(words),
		}
		out[i] = k.create(k.Users, k.resource(schema.UserType, a.drop()))
	}
	return k.stir(k.Users, out)
}

// fillGroups stores varied groups with varied users as members.
func (k *kit) fillGroups() []*schema.Resource {
	us := k.newUsers(8)
	out := make([]*schema.Resource, varied)
	for i := range out {
		r, joining := k.group(k.pick(words[2:]).(string)), users(us[:k.rand.IntN(4)]...)
		if id := k.pick(words); id != nil && k.keeps(schema.ExternalIDAttribute) {
			r = r.With(schema.ExternalIDAttribute, schema.String(id.(string)))
		}
		out[i] = k.createWith(k.ctx, r, joining)
		k.rand.Shuffle(len(us), func(i, j int) { us[i], us[j] = us[j], us[i] })
	}
	return k.stir(k.Groups, out)
}

// fillThings stores varied things.
func (k *kit) fillThings() []*schema.Resource {
	out := make([]*schema.Resource, varied)
	more := ThingType.Extensions[0].Schema.ID
	for i := range out {
		a := attrs{
			"serial": i * 7, "label": k.pick(words), "note": k.pick(words), "amount": k.pick(integers), "ratio": k.pick(decimals),
			"at": k.pick(moments), "blob": k.pick(blobs), "link": k.pick(links), "on": k.pick(truth),
			"tags":    k.some(3, func() any { return k.pick(words) }),
			"amounts": k.some(3, func() any { return k.pick(integers) }),
			"parts": k.some(3, func() any {
				return attrs{"value": k.pick(words[1:]), "type": k.pick(kinds), "size": k.pick(integers), "weight": k.pick(decimals), "since": k.pick(moments)}.drop()
			}),
			more + ":code": fmt.Sprintf("%v%d", k.pick(words[1:]), i), more + ":note": k.pick(words),
			more + ":place.floor": k.pick(integers), more + ":place.room": k.pick(words),
		}
		out[i] = k.create(k.Things, k.resource(ThingType, a.drop()))
	}
	return k.stir(k.Things, out)
}

// stir changes and deletes some of the resources, so that a store must update the
// data derived from them, and returns the remaining ones.
func (k *kit) stir(s store.Store, rs []*schema.Resource) []*schema.Resource {
	var out []*schema.Resource
	for i, r := range rs {
		switch i % 8 {
		case 3:
			k.delete(s, r)
			continue
		case 5:
			updated, err := s.Update(k.ctx, k.touch(r))
			k.NoError(err, "Update")
			r = updated
		}
		out = append(out, r)
	}
	return out
}
